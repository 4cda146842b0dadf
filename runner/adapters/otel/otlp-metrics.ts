import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { signalUrl, type TelemetrySettings } from './telemetry-settings.ts';

/** The same metrics that `/metrics` shows, sent to a collector every minute and at the end. */
export const otlpMetricReader = (settings: TelemetrySettings): IMetricReader =>
  new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: signalUrl(settings, 'metrics'), headers: { ...settings.headers } }) });
