import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { locate, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { DamagedRecordError, unlessDamaged } from '../records/json-blob.ts';
import { type Entry, type Register, register } from '../records/register.ts';
import type { Places } from '../store/spaces.ts';
import { readSnapshot, type SnapshotView } from './snapshot-file.ts';

const recordSchema = z.object({
  space: z.string(),
  /** Name of the Arrow file, in the folder of points. */
  file: z.string(),
  incarnation: z.string(),
  /** The table's version that was drawn. */
  space_version: z.number().int(),
  points: z.number().int(),
  /** Highest seq that this version held, Unix microseconds. */
  seq: z.number().int(),
});
export type SnapshotRecord = z.infer<typeof recordSchema>;
/** Its number is the snapshot's version. */
export type StoredSnapshot = Entry<SnapshotRecord>;

/** A space's maps: numbered records, each naming one Arrow file that is written once. */
export interface Snapshots {
  /** Of whatever life of the space: whoever shows it compares incarnations. */
  newest(key: SpaceKey): Promise<StoredSnapshot | undefined>;
  /** Undefined: its file is gone. */
  open(key: SpaceKey, stored: StoredSnapshot): Promise<SnapshotView | undefined>;
  publish(key: SpaceKey, bytes: Uint8Array, record: Omit<SnapshotRecord, 'space' | 'file'>): Promise<StoredSnapshot>;
  /** Removes the files of all lives of the space but one. */
  removeOtherLives(key: SpaceKey, incarnation: string | undefined): Promise<void>;
  /** Removes files written before a time; the newest stays, unless all are to go. */
  remove(key: SpaceKey, beforeMs: number, which: 'superseded' | 'all'): Promise<void>;
}

/** Opened snapshots kept, in bytes of their files: a few large ones or hundreds of small ones. */
const cacheBytes = 96 * 1024 * 1024;
/** Registers remembered: without one, reading begins with a list. */
const rememberedSpaces = 2000;

export const createSnapshots = ({ places, nowMs }: { places: Places; nowMs: () => number }): Snapshots => {
  const registers = new LRUCache<string, Register<SnapshotRecord>>({ max: rememberedSpaces });
  const views = new LRUCache<string, SnapshotView>({ maxSize: cacheBytes, sizeCalculation: ({ bytes }) => Math.max(1, bytes) });
  const pointsFolder = (key: SpaceKey): string => `${locate(key).haze}/points`;
  const cacheKey = (key: SpaceKey, file: string): string => `${places.blobRoute(key).root} ${spaceKeyText(key)} ${file}`;

  const registerOf = (key: SpaceKey): Register<SnapshotRecord> => {
    const id = cacheKey(key, '');
    const known = registers.get(id);
    if (known !== undefined) return known;
    const space = spaceKeyText(key);
    const parse = (json: unknown): SnapshotRecord => {
      const record = recordSchema.parse(json);
      if (record.space !== space) throw new Error(`belongs to the space ${record.space}`);
      return record;
    };
    const made = register({ blobs: places.blobs(key), folder: `${locate(key).haze}/snapshots`, parse, nowMs });
    registers.set(id, made);
    return made;
  };

  return {
    newest: (key) => registerOf(key).read(),

    async open(key, { value: { file } }) {
      const id = cacheKey(key, file);
      const known = views.get(id);
      if (known !== undefined) return known;
      const bytes = await places.blobs(key).getBytes(`${pointsFolder(key)}/${file}`);
      if (bytes === undefined) return undefined;
      const read = async (): Promise<SnapshotView> => {
        try {
          return readSnapshot(bytes, spaceKeyText(key));
        } catch (cause) {
          throw new DamagedRecordError(`snapshot ${file} cannot be read`, { cause });
        }
      };
      // A damaged map is none: the next one replaces it.
      const view = await unlessDamaged(read());
      if (view !== undefined) views.set(id, view);
      return view;
    },

    async publish(key, bytes, record) {
      const file = `${record.incarnation}.${newId('snapshot', nowMs())}.arrow`;
      await places.blobs(key).putBytes(`${pointsFolder(key)}/${file}`, bytes);
      const value: SnapshotRecord = { ...record, space: spaceKeyText(key), file };
      for (;;) {
        const before = await registerOf(key).read();
        if (await registerOf(key).write(before, value)) {
          await this.remove(key, nowMs() - limits.versionRetentionMs, 'superseded');
          return { number: (before?.number ?? 0) + 1, value };
        }
      }
    },

    async removeOtherLives(key, incarnation) {
      const blobs = places.blobs(key);
      for (const file of await blobs.list(pointsFolder(key))) {
        if (incarnation !== undefined && file.startsWith(`${incarnation}.`)) continue;
        await blobs.delete(`${pointsFolder(key)}/${file}`);
        views.delete(cacheKey(key, file));
      }
    },

    async remove(key, beforeMs, which) {
      const kept = which === 'all' ? undefined : (await registerOf(key).read())?.value.file;
      const blobs = places.blobs(key);
      for (const file of await blobs.list(pointsFolder(key))) {
        if (file === kept) continue;
        const name = `${pointsFolder(key)}/${file}`;
        const found = await blobs.head(name);
        if (found !== undefined && found.modifiedMs < beforeMs) await blobs.delete(name);
        views.delete(cacheKey(key, file));
      }
    },
  };
};
