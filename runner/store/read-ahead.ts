import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { LiveHead } from '../records/space-records.ts';
import type { Door } from './door.ts';

/** What is published of a space. Undefined: it has no data. */
export type HeadOf = (key: SpaceKey) => Promise<LiveHead | undefined>;

/**
 * A strong read at the heads that this process remembers, while it asks whether they are still the newest: on an object
 * store the question takes as long as the read. What was read, or failed, at a head that is not the newest is dropped and
 * read again; so what comes back is what a read after the question would have been.
 * @param read may run twice, the first time in vain
 * @param waited told how long the question took beyond a read ahead, in milliseconds
 */
export const readAhead = async <T>(
  door: Door,
  keys: readonly SpaceKey[],
  read: (headOf: HeadOf) => Promise<T>,
  waited: (ms: number) => void = () => undefined,
): Promise<T> => {
  const glimpses = new Map(await Promise.all(keys.map(async (key) => [spaceKeyText(key), await door.glimpse(key)] as const)));
  const headOf: HeadOf = async (key) => glimpses.get(spaceKeyText(key))?.head;
  const answers = [...glimpses.values()].map(({ isNewest }) => isNewest);
  if (answers.every((isNewest) => isNewest === true)) return read(headOf);
  const areNewest = Promise.all(answers);
  // Whether it fails is looked at below, when the read has ended.
  areNewest.catch(() => undefined);
  const [outcome] = await Promise.allSettled([read(headOf)]);
  const readMs = performance.now();
  const moved = (await areNewest).includes(false);
  waited(performance.now() - readMs);
  if (moved) return read((key) => door.head(key));
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
};
