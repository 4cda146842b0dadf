import { createRequire } from 'node:module';
import { instrumentLanceDbMetrics } from '@lancedb/lancedb';
import type { MeterProvider } from '@opentelemetry/api';

/** The engine's own counters of object-store requests, bytes, time and errors. They are the process's: the first provider gets them. */
export const lanceMetrics = (provider: MeterProvider): void => {
  instrumentLanceDbMetrics(provider);
};

/** What stands behind the public instruments; the package's entry does not pass it on. */
interface Recorder {
  registerLancedbMetricsRecorder(): boolean;
  snapshotLancedbMetrics(): { name: string; value?: number }[];
}
const require = createRequire(import.meta.url);

/** Requests and bytes of the engine in this process, from its beginning. */
export const engineRequests = (): (() => { requests: number; bytes: number }) => {
  const recorder = require(require.resolve('@lancedb/lancedb').replace(/index\.js$/, 'native.js')) as Recorder;
  recorder.registerLancedbMetricsRecorder();
  return () => {
    const sums = { requests: 0, bytes: 0 };
    for (const { name, value = 0 } of recorder.snapshotLancedbMetrics()) {
      if (name === 'lance_object_store_requests_total') sums.requests += value;
      if (name === 'lance_object_store_request_bytes_total') sums.bytes += value;
    }
    return sums;
  };
};
