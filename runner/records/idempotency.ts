import { z } from 'zod';
import { sha256Hex } from '../../shared/bytes.ts';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type Area, locateArea } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import { type Entry, register } from './register.ts';

const recordSchema = z.object({
  body_sha256: z.string(),
  task_id: z.string(),
  /** `begun`: may or may not have become durable; the same body finishes it. `abandoned`: refused before anything happened. */
  state: z.enum(['begun', 'accepted', 'abandoned']),
  at: z.number(),
});
type Remembered = z.infer<typeof recordSchema>;

/** A request that died between its first record and its answer is forgotten for other bodies after this: longer than any request takes. */
const unfinishedMs = 10 * 60_000;

export interface Acceptance {
  taskId: string;
  /** The same request was accepted before: answer the same, do nothing. */
  repeated: boolean;
  accepted(): Promise<void>;
  /** Whether another process has finished this acceptance meanwhile. */
  isAccepted(): Promise<boolean>;
  /** The request was refused, so nothing is remembered. */
  refused(): Promise<void>;
}

export interface IdempotencyDeps {
  blobs: Blobs;
  nowMs: () => number;
  newTaskId: () => string;
}

/** One key of one context, space and endpoint. @throws NexusError 409 `nexus.idempotency_conflict` */
export const beginAcceptance = async (
  { blobs, nowMs, newTaskId }: IdempotencyDeps,
  area: Area,
  scope: { space: string; endpoint: string; key: string },
  bodySha256: string,
): Promise<Acceptance> => {
  const folder = `${locateArea(area).idempotency}/${sha256Hex(canonicalJson(scope))}`;
  const records = register<Remembered>({ blobs, folder, parse: (json) => recordSchema.parse(json), nowMs });

  const begin = async (): Promise<{ entry: Entry<Remembered>; repeated: boolean }> => {
    const found = await records.read();
    if (found !== undefined && isLive(found.value, nowMs())) {
      if (found.value.body_sha256 === bodySha256) return { entry: found, repeated: found.value.state === 'accepted' };
      if (found.value.state === 'accepted' || nowMs() - found.value.at < unfinishedMs) {
        throw new NexusError('nexus.idempotency_conflict', 'This Idempotency-Key was used with another body. Use a new key for a new request.');
      }
    }
    const value: Remembered = { body_sha256: bodySha256, task_id: newTaskId(), state: 'begun', at: nowMs() };
    return (await records.write(found, value)) ? { entry: { number: (found?.number ?? 0) + 1, value }, repeated: false } : begin();
  };

  const { entry, repeated } = await begin();
  // A twin, the same request at the same time, may have ended first. Losing to one that was accepted is no loss; one that
  // was refused does not undo that this one was accepted.
  const end = async (state: 'accepted' | 'abandoned'): Promise<void> => {
    for (let after: Entry<Remembered> | undefined = entry; !(await records.write(after, { ...entry.value, state })); ) {
      after = await records.read();
      if (state === 'abandoned' || after?.value.state !== 'abandoned' || after.value.task_id !== entry.value.task_id) return;
    }
  };
  const isAccepted = async (): Promise<boolean> => {
    const now = (await records.read())?.value;
    return now?.state === 'accepted' && now.task_id === entry.value.task_id;
  };
  return { taskId: entry.value.task_id, repeated, accepted: () => end('accepted'), isAccepted, refused: () => end('abandoned') };
};

const isLive = ({ at, state }: Remembered, nowMs: number): boolean => state !== 'abandoned' && nowMs - at < limits.idempotencyTtlMs;
