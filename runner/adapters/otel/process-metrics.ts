import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';

const nanoseconds = 1e9;
const microseconds = 1e6;

/** Linux alone has this folder; elsewhere the figure is left out. */
const openFiles = (): number | undefined => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
};

/** What this process takes of its machine, under the names that Prometheus' own clients use. */
export const processMetrics = (provider: MeterProvider): void => {
  const meter = provider.getMeter('nexus-process');
  const gauge = (name: string, description: string, read: () => number | undefined): void =>
    meter.createObservableGauge(name, { description }).addCallback((result) => {
      const value = read();
      if (value !== undefined) result.observe(value);
    });

  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
  gauge('process_heap_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  gauge('process_open_fds', 'Open file descriptors.', openFiles);
  gauge('process_start_time_seconds', 'When the process began, in Unix seconds.', () => Math.round(Date.now() / 1000 - process.uptime()));
  meter.createObservableCounter('process_cpu_seconds_total', { description: 'CPU time taken, user and system.' }).addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe((user + system) / microseconds);
  });

  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  gauge('nodejs_eventloop_lag_p99_seconds', 'Delay of the event loop since the last look, 99th percentile.', () => {
    const p99 = delay.percentile(99) / nanoseconds;
    delay.reset();
    return p99;
  });
};
