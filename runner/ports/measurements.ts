import type { TableLocation } from './vector-store.ts';

/** Measurements of one series, column by column, as many in each. */
export interface MeasuredRows {
  /** Unix microseconds. */
  at: Float64Array;
  value: Float64Array;
}

/** Which rows are meant: one series, in one life of its space. */
export interface MeasuredSeries {
  epoch: number;
  /** `kpi:{metric}:{dimensions}` */
  series: string;
  metric: string;
  /** JSON. */
  dimensions: string;
}

/** Whose rows they are, in the order of acceptance. */
export interface MeasuredBy {
  seq: number;
  task_id: string;
}

/** Rows of one request, read back. */
export interface StoredMeasurements extends MeasuredBy, MeasuredRows {}

/**
 * Raw measurements beside a space. Rows are added and never changed: of several for one time the one accepted last
 * counts, so a row is true as soon as its request was accepted, and writing it twice does no harm.
 */
export interface MeasurementStore {
  /** Every request's rows of a series, in any order; nothing when there is no table. */
  read(table: TableLocation, series: Pick<MeasuredSeries, 'epoch' | 'series'>): Promise<StoredMeasurements[]>;
  append(table: TableLocation, rows: readonly (MeasuredSeries & StoredMeasurements)[]): Promise<void>;
  /** Removes all rows of a series that these requests brought. */
  remove(table: TableLocation, series: Pick<MeasuredSeries, 'epoch' | 'series'>, taskIds: readonly string[]): Promise<void>;
  /** Joins small files, and drops what is no longer part of the table. */
  compact(table: TableLocation): Promise<void>;
  /** Removes every row of an earlier life of the space, and its bytes. */
  erase(table: TableLocation, beforeEpoch: number): Promise<void>;
}
