/** Values that a figure is split by. Few and known ones: a tenant or a space is none, for there are too many. */
export type Labels = Readonly<Record<string, string | number>>;

/** Adds to a number that only grows. */
export type Count = (by?: number, labels?: Labels) => void;
/** Notes one value of many, in the metric's unit. */
export type Observe = (value: number, labels?: Labels) => void;

/**
 * Figures of this process, read by whoever asks `GET /metrics`. Names are `nexus_<what>_<unit>`, counters end with
 * `_total`, times are in seconds. Asking for a name again gives the same metric.
 */
export interface Metrics {
  counter(name: string, help: string): Count;
  /** @param buckets upper bounds, ascending, in the metric's unit */
  histogram(name: string, help: string, buckets?: readonly number[]): Observe;
  /** @param read called when somebody looks: one number, or one for each set of labels */
  gauge(name: string, help: string, read: () => number | readonly (readonly [Labels, number])[]): void;
  /** Everything in the text format of Prometheus. */
  exposition(): Promise<{ contentType: string; text: string }>;
}

/** Seconds, from a warm query to a push that took its whole deadline. */
export const durationBuckets: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];

/** Counts nothing: for rooms that are built without anybody to look. */
export const noMetrics: Metrics = {
  counter: () => () => undefined,
  histogram: () => () => undefined,
  gauge: () => undefined,
  exposition: async () => ({ contentType: 'text/plain', text: '' }),
};
