import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP's JSON encoding has it; attributes as a plain object. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** Empty: it begins its trace. */
  parentSpanId: string;
  name: string;
  /** 2: server, 5: consumer. */
  kind: number;
  durationMs: number;
  failed: boolean;
  attributes: Record<string, string | number>;
  service: string;
}

interface WireAttribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number };
}
interface WireSpan extends Omit<CollectedSpan, 'attributes'> {
  attributes: WireAttribute[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code?: number };
}

const nanosecondsPerMs = 1e6;
const plain = (attributes: readonly WireAttribute[]): CollectedSpan['attributes'] =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]));

export interface OtlpCollector {
  url: string;
  spans: CollectedSpan[];
  /** Names of the metrics that came. */
  metrics: Set<string>;
  /** Headers of each request. */
  headers: Record<string, unknown>[];
  /** Answers everything so while it is set. */
  refusal: number | undefined;
  stop(): Promise<void>;
}

/** Takes traces and metrics by OTLP over HTTP, in JSON, as a collector does. */
export const startOtlpCollector = async (): Promise<OtlpCollector> => {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    collector.headers.push(request.headers);
    if (collector.refusal !== undefined) return response.writeHead(collector.refusal).end();
    const told = JSON.parse(body);
    for (const { resource, scopeSpans } of told.resourceSpans ?? [])
      for (const span of scopeSpans.flatMap(({ spans }: { spans: WireSpan[] }) => spans) as WireSpan[])
        collector.spans.push({
          ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId ?? '', name: span.name, kind: span.kind },
          durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / nanosecondsPerMs,
          failed: span.status.code === 2,
          attributes: plain(span.attributes),
          service: String(plain(resource.attributes)['service.name']),
        });
    for (const { scopeMetrics } of told.resourceMetrics ?? [])
      for (const { name } of scopeMetrics.flatMap(({ metrics }: { metrics: { name: string }[] }) => metrics)) collector.metrics.add(name);
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: OtlpCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ spans: [], metrics: new Set(), headers: [], refusal: undefined },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
};
