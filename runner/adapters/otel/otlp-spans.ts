import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { EndedSpan, Spans } from '../../ports/spans.ts';
import { signalUrl, type TelemetrySettings } from './telemetry-settings.ts';

const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER } as const;

/** Bit 0 says that somebody keeps the trace (W3C Trace Context, 3.2.2.5.1). */
const sampledFlag = 1;

/**
 * Spans by OpenTelemetry's SDK, sent to a collector in batches. The ids are ours: they travelled with the request before
 * the span existed. A collector that is away costs spans, and nothing else.
 */
export const otlpSpans = (settings: TelemetrySettings): { spans: Spans; close(): Promise<void> } => {
  let next = { traceId: '', spanId: '' };
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': settings.serviceName, 'service.instance.id': settings.instance }),
    // By the id alone: every process decides alike, and a trace is kept whole or not at all.
    sampler: new TraceIdRatioBasedSampler(settings.traceRatio),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: signalUrl(settings, 'traces'), headers: { ...settings.headers } }) })],
  });
  const tracer = provider.getTracer('nexus');

  const under = (parent: EndedSpan['parent']) =>
    parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { traceId: parent.traceId, spanId: parent.spanId, traceFlags: sampledFlag, isRemote: true });

  return {
    spans: {
      ended({ trace: { traceId, spanId }, parent, name, kind, durationMs, attributes, failed }) {
        next = { traceId, spanId };
        const endTime = Date.now();
        const span = tracer.startSpan(name, { kind: kinds[kind], startTime: endTime - durationMs, attributes }, under(parent));
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end(endTime);
      },
    },
    close: () => provider.shutdown(),
  };
};
