import { newSettings } from '../ingest/settle.ts';
import type { SpaceRecords } from '../records/space-records.ts';

/** A life of a space, and the deletion that begins it. */
export interface NextLife {
  epoch: number;
  /** RFC 3339. */
  begunAt: string;
  /** The deletion's task. */
  taskId: string;
}

/**
 * The life that a deletion begins. One that is accepted again, because its answer was lost or its runner slept, begins no
 * second one: what was accepted since the first answer would end with it.
 */
export const nextLife = async ({ settings }: SpaceRecords, taskId: string, nowMs: () => number): Promise<NextLife> => {
  const present = (await settings.read())?.value;
  if (present?.begun_by === taskId) return { epoch: present.epoch, begunAt: present.created_at, taskId };
  return { epoch: (present?.epoch ?? 1) + 1, begunAt: new Date(nowMs()).toISOString(), taskId };
};

/**
 * Begins a life of a space, with nothing settled, unless it has begun. Done when the deletion's event is durable and by
 * whoever carries that out: a deletion that was not taken on must not end the life of anything.
 * @returns when it began, Unix milliseconds; undefined when it is over, too
 */
export const beginLife = async ({ key, settings }: SpaceRecords, { epoch, begunAt, taskId }: NextLife): Promise<number | undefined> => {
  for (;;) {
    const entry = await settings.read();
    const present = entry?.value.epoch ?? 1;
    if (present > epoch) return undefined;
    if (present === epoch) return Date.parse(entry?.value.created_at ?? begunAt);
    const begunMs = Date.parse(begunAt);
    if (await settings.write(entry, { ...newSettings(key, begunMs), epoch, begun_by: taskId })) return begunMs;
  }
};
