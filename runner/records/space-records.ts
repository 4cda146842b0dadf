import { z } from 'zod';
import { fieldTypes, metrics } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { type Locations, locate, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import { type Register, register } from './register.ts';

/**
 * Every record names the space it belongs to, and a record that names another is an error: on a disk that folds case,
 * or after files were copied about, two spaces may meet in one folder, and must not read each other.
 */
const owner = { space: z.string() };

const shape = {
  embedding_model: z.string(),
  dimension: z.number().int(),
  metric: z.enum(metrics),
  language: z.string().nullable(),
  fields: z.record(z.string(), z.enum(fieldTypes)),
};

const settingsSchema = z.object({
  ...owner,
  /** Counts the lives of the space: deleting it begins the next one, with nothing settled. */
  epoch: z.number().int().positive(),
  ...shape,
  /** Null until a PUT or the first accepted document decides. */
  embedding_model: shape.embedding_model.nullable(),
  dimension: shape.dimension.nullable(),
  created_at: z.string(),
  /** Task of the deletion that began this life. */
  begun_by: z.string().optional(),
});
/** What was agreed on for a space at acceptance. Keys are added, types and model never change. */
export type Settings = z.infer<typeof settingsSchema>;

const headSchema = z.object({
  ...owner,
  /** The life of the space that this version belongs to. */
  epoch: z.number().int().positive(),
  incarnation: z.string(),
  /** The table's; 0 when nothing was ever written. */
  version: z.number().int().nonnegative(),
  /** Highest seq that this version holds, Unix microseconds. */
  seq: z.number().int(),
  /** Seq of the request that last deleted the space; 0: none did. */
  deleted_seq: z.number().int(),
  /** Highest seq of a tombstone: what was accepted later need not look for one. */
  tombstone_seq: z.number().int(),
  published_at: z.string(),
  created_at: z.string(),
  /** What was written since the last maintenance. */
  unmaintained: z.object({ commits: z.number().int(), rows: z.number().int() }),
  /** Null: the space was deleted and nothing was written since. */
  table: z.object(shape).nullable(),
});
/** A space's published state. What the head names is what exists. */
export type Head = z.infer<typeof headSchema>;
/** A head of a space that has data. */
export type LiveHead = Head & { table: NonNullable<Head['table']> };
export const isLive = (head: Head | undefined): head is LiveHead => head !== undefined && head.table !== null;

/** What a deleted space leaves: the count of its lives, and nothing settled for the present one. */
export const isBlank = ({ epoch, embedding_model, language, fields, metric }: Settings): boolean =>
  epoch > 1 && embedding_model === null && language === null && metric === 'cosine' && Object.keys(fields).length === 0;

const leaseSchema = z.object({
  ...owner,
  holder: z.string(),
  /** Unix milliseconds by the holder's clock. */
  until: z.number(),
  released: z.boolean(),
});
export type Lease = z.infer<typeof leaseSchema>;

export interface SpaceRecords {
  /** Of the store route's root. */
  readonly blobs: Blobs;
  readonly key: SpaceKey;
  readonly place: Locations;
  readonly settings: Register<Settings>;
  readonly head: Register<Head>;
  readonly lease: Register<Lease>;
}

/** @param blobs rooted at the root of the space's store route */
export const spaceRecords = (blobs: Blobs, key: SpaceKey, nowMs: () => number): SpaceRecords => {
  const place = locate(key);
  const space = spaceKeyText(key);
  const owned =
    <T extends { space: string }>(schema: z.ZodType<T>) =>
    (json: unknown): T => {
      const value = schema.parse(json);
      if (value.space !== space) throw new Error(`belongs to the space ${value.space}`);
      return value;
    };
  return {
    blobs,
    key,
    place,
    settings: register({ blobs, folder: place.settings, parse: owned(settingsSchema), nowMs }),
    head: register({ blobs, folder: place.head, parse: owned(headSchema), nowMs, keepMs: 2 * limits.versionRetentionMs }),
    lease: register({ blobs, folder: place.lease, parse: owned(leaseSchema), nowMs }),
  };
};
