import { newSettings } from '../ingest/settle.ts';
import type { SpaceRecords } from '../records/space-records.ts';

/**
 * Begins a life of a space, with nothing settled, unless it has begun. Done when the deletion's event is durable and by
 * whoever carries that out: a deletion that was not taken on must not end the life of anything.
 * @param begunAt RFC 3339
 * @returns when it began, Unix milliseconds; undefined when it is over, too
 */
export const beginLife = async ({ key, settings }: SpaceRecords, epoch: number, begunAt: string): Promise<number | undefined> => {
  for (;;) {
    const entry = await settings.read();
    const present = entry?.value.epoch ?? 1;
    if (present > epoch) return undefined;
    if (present === epoch) return Date.parse(entry?.value.created_at ?? begunAt);
    const begunMs = Date.parse(begunAt);
    if (await settings.write(entry, { ...newSettings(key, begunMs), epoch })) return begunMs;
  }
};
