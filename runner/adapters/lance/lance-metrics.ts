import { instrumentLanceDbMetrics } from '@lancedb/lancedb';
import type { MeterProvider } from '@opentelemetry/api';

/** The engine's own counters of object-store requests, bytes, time and errors. They are the process's: the first provider gets them. */
export const lanceMetrics = (provider: MeterProvider): void => {
  instrumentLanceDbMetrics(provider);
};
