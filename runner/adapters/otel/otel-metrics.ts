import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { durationBuckets, type Labels, type Metrics } from '../../ports/metrics.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics by OpenTelemetry's SDK, read in Prometheus' format. The exporter serves nothing itself: the runner's own
 * door does.
 * @param also readers that send the same figures elsewhere
 * @returns also the provider, for libraries that have instruments of their own
 */
export const otelMetrics = (
  instance: string,
  also: { serviceName: string; readers: readonly IMetricReader[] } = { serviceName: 'nexus-runner', readers: [] },
): { metrics: Metrics; provider: MeterProvider } => {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({ 'service.name': also.serviceName, 'service.instance.id': instance });
  const provider = new MeterProvider({ readers: [reader, ...also.readers], resource });
  const meter = provider.getMeter('nexus');
  // A library's scope says nothing here, and would stand on every line.
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

  const metrics: Metrics = {
    counter(name, description) {
      const counter = meter.createCounter(name, { description });
      return (by = 1, labels) => counter.add(by, labels);
    },
    histogram(name, description, buckets = durationBuckets) {
      const histogram = meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: [...buckets] } });
      return (value, labels) => histogram.record(value, labels);
    },
    gauge(name, description, read) {
      meter.createObservableGauge(name, { description }).addCallback((result) => {
        const found = read();
        if (typeof found === 'number') result.observe(found);
        else for (const [labels, value] of found) result.observe(value, labels as Labels);
      });
    },
    async exposition() {
      const { resourceMetrics } = await reader.collect();
      return { contentType, text: serializer.serialize(resourceMetrics) };
    },
  };
  return { metrics, provider };
};
