import { z } from 'zod';
import { sha256Hex } from '../../shared/bytes.ts';
import { type MaintenanceStage, maintenanceStageSchema } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { locateDue, type SpaceKey, spaceKeySchema, spaceKeyText } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import { getJson, putJsonIfAbsent, unlessDamaged } from './json-blob.ts';

const markSchema = z.object({ space: spaceKeySchema, stage: maintenanceStageSchema });

/** Marks of one space within this time are one mark. */
const roundMs = 10 * 60_000;

/** The name begins with the time it is due at, so that a list begins with what is due first. */
const namePattern = /^\d{14}-[0-9a-f]{16}-(erase|prune)\.json$/;
const dueAtOf = (name: string): number => Number(name.slice(0, 14));

/**
 * A space holds bytes of deleted rows, which must be gone some time after the last version that shows them may go,
 * also when nobody writes to it any more.
 */
export const markDue = async (blobs: Blobs, space: SpaceKey, stage: MaintenanceStage, nowMs: number): Promise<void> => {
  const dueMs = Math.ceil((nowMs + limits.versionRetentionMs) / roundMs) * roundMs;
  const name = `${String(dueMs).padStart(14, '0')}-${sha256Hex(spaceKeyText(space)).slice(0, 16)}-${stage}.json`;
  await putJsonIfAbsent(blobs, `${locateDue}/${name}`, { space, stage });
};

/** Spaces that are due, first the longest overdue, with what takes their mark away. */
export const dueMarks = async (
  blobs: Blobs,
  nowMs: number,
  limit: number,
  onDamage: (error: Error) => void,
): Promise<{ space: SpaceKey; stage: MaintenanceStage; done: () => Promise<void> }[]> => {
  const names = (await blobs.list(locateDue, { limit })).filter((name) => namePattern.test(name) && dueAtOf(name) <= nowMs);
  const marks = await Promise.all(
    names.map(async (name) => {
      const mark = await unlessDamaged(getJson(blobs, `${locateDue}/${name}`, markSchema), onDamage);
      return mark === undefined ? undefined : { ...mark, done: () => blobs.delete(`${locateDue}/${name}`) };
    }),
  );
  return marks.filter((mark) => mark !== undefined);
};
