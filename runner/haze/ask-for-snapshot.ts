import { LRUCache } from 'lru-cache';
import { hazeEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Events } from '../ports/events.ts';
import type { Log } from '../ports/log.ts';
import type { CommitDeps } from '../store/commit.ts';
import { becameDue } from '../store/maintain.ts';

/** Asks for a map that nobody waits for. */
export type AskForSnapshot = (key: SpaceKey) => void;

/** Within this time a process asks once for one space: every look at an old map would ask again. */
const patienceMs = 60_000;
const rememberedSpaces = 2000;

export const askForSnapshot = (events: Events, log: Log, nowMs: () => number): AskForSnapshot => {
  const asked = new LRUCache<string, true>({ max: rememberedSpaces, ttl: patienceMs });
  return (key) => {
    const space = spaceKeyText(key);
    if (asked.has(space)) return;
    asked.set(space, true);
    events.publish(hazeEvent(key, newId('event', nowMs()), nowMs())).catch((error: unknown) => {
      asked.delete(space);
      log.warn('haze.not_asked', { space, error: String(error) });
    });
  };
};

/** After a commit that made maintenance due, so seldom: whether enough has changed is judged when the event is carried out. */
export const snapshotAfterCommits =
  (ask: AskForSnapshot): NonNullable<CommitDeps['published']> =>
  (key, head, writtenRows) => {
    if (becameDue(head, writtenRows)) ask(key);
  };
