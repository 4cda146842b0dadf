import { lanceMetrics } from './adapters/lance/lance-metrics.ts';
import { otelMetrics } from './adapters/otel/otel-metrics.ts';
import { processMetrics } from './adapters/otel/process-metrics.ts';
import type { TelemetrySettings } from './adapters/otel/telemetry-settings.ts';
import type { Environment } from './environment.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Spans } from './ports/spans.ts';

export interface Telemetry {
  metrics: Metrics;
  /** Undefined: nobody collects them. */
  spans: Spans | undefined;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

const settingsOf = (env: Environment, instance: string): TelemetrySettings | undefined =>
  env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? undefined
    : {
        endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
        headers: env.OTEL_EXPORTER_OTLP_HEADERS ?? {},
        serviceName: env.OTEL_SERVICE_NAME,
        instance,
        traceRatio: env.OTEL_TRACES_SAMPLER_ARG,
      };

/** What can be seen of this process from outside. The exporters are loaded when a collector is named: who has none pays nothing. */
export const buildTelemetry = async (env: Environment, instance: string): Promise<Telemetry> => {
  const settings = settingsOf(env, instance);
  const readers = settings === undefined ? [] : [(await import('./adapters/otel/otlp-metrics.ts')).otlpMetricReader(settings)];
  const { metrics, provider } = otelMetrics(instance, { serviceName: env.OTEL_SERVICE_NAME, readers });
  processMetrics(provider);
  lanceMetrics(provider);
  const traced = settings === undefined ? undefined : (await import('./adapters/otel/otlp-spans.ts')).otlpSpans(settings);
  return {
    metrics,
    spans: traced?.spans,
    async close() {
      await Promise.allSettled([traced?.close(), provider.shutdown()]);
    },
  };
};
