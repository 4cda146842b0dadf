import fc from 'fast-check';
import { expect } from 'vitest';
import { spaceKey } from '../../shared/space-key.ts';
import { caller } from '../runner/running-runner.ts';
import { type Fleet, makeTrouble, type Trouble } from './fleet.ts';
import { type History, histories } from './history.ts';
import { checkNeverBack, checkTasksAreVisible, observe } from './observer.ts';
import { play, type Stage } from './play.ts';
import { headsOf, type StoreView } from './published.ts';
import { spineDeliverer, spoolTaker } from './spine.ts';
import { checkContent, checkDocuments, checkTasks, tasksOf } from './verdict.ts';

export interface Ground {
  fleet: Fleet;
  /** The store root as an onlooker reads it. */
  store: StoreView;
  random: () => number;
  /** Between two strikes at the workers, at most. */
  restMs?: number;
}

export interface Play {
  runs: number;
  seed: number;
  /** Histories that are played side by side, each in a space of its own: most of a history's time is waiting for leases of the dead. */
  atOnce: number;
}

/** Why workers asked for another try, and how often. */
const refusals = ({ workers }: Fleet): Record<string, number> => {
  const reasons = workers.flatMap(({ logged }) => logged.filter(({ event }) => event === 'request.failed').map(({ error }) => String(error).slice(0, 120)));
  return Object.fromEntries([...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => [reason, all.length]));
};

const playAndCheck = async (
  { fleet, store, random }: Ground,
  busy: Set<Stage>,
  history: History,
  spaceId: string,
  take: Stage['take'],
): Promise<{ versions: number; events: number; tries: number }> => {
  const deliverer = spineDeliverer(fleet.workers, random);
  const stage: Stage = {
    key: spaceKey(caller(), 'tenant', spaceId),
    feeds: history.feeds,
    origin: fleet.acceptor.origin(),
    take,
    deliverer,
    accepted: new Map(),
    succeeded: new Set(),
    lives: 1,
  };
  const observer = observe(store, stage.key, stage.accepted, () => stage.lives);
  busy.add(stage);
  const events = await play(stage, history).finally(() => busy.delete(stage));
  const versions = await observer.stop();
  const tasks = await tasksOf(stage);
  const final = versions.at(-1);

  const docIds = checkContent(stage, final);
  checkTasks(stage, tasks, final);
  checkNeverBack(versions);
  checkTasksAreVisible(versions, stage.accepted, tasks);
  await checkDocuments(stage, docIds);

  // Once more, all of it: nothing may move.
  const requests = events.filter(({ attributes }) => attributes['ce-subject'] !== undefined);
  await Promise.all(requests.map((event) => deliverer.deliver(event)));
  await deliverer.quiet();
  // Maintenance that a worker's own commit asked for may still come: it publishes the same rows, and leaves nothing unmaintained.
  const written = (await headsOf(store, stage.key, final?.number ?? 0)).filter(({ head }) => head.unmaintained.commits > 0);
  expect(written, 'repeated events publish nothing').toEqual([]);
  expect(await tasksOf(stage), 'a task that has ended stays as it ended').toEqual(tasks);
  return { versions: versions.length, events: events.length, tries: deliverer.tries.made };
};

/**
 * Plays histories while workers are paused and killed, and checks every published version and the end of each.
 * @throws what was not as the contract owes it, with the history and the seed
 */
export const converge = async (ground: Ground, { runs, seed, atOnce }: Play): Promise<{ versions: number; events: number; tries: number } & Trouble> => {
  const { fleet, store, random } = ground;
  const sample = fc.sample(histories, { numRuns: runs, seed });
  const take = spoolTaker(fleet.acceptorData);
  const busy = new Set<Stage>();
  const trouble = makeTrouble(fleet, store, () => [...busy].map(({ key }) => key), random, ground.restMs);
  const seen = { versions: 0, events: 0, tries: 0 };
  const entries = sample.entries();
  const player = async (): Promise<void> => {
    for (const [number, history] of entries) {
      try {
        const { versions, events, tries } = await playAndCheck(ground, busy, history, `history-${number}`, take);
        seen.versions += versions;
        seen.events += events;
        seen.tries += tries;
      } catch (error) {
        throw new Error(`history ${number} of seed ${seed}: ${String(error)}\n${fc.stringify(history)}`, { cause: error });
      }
    }
  };
  const played = await Promise.allSettled(Array.from({ length: atOnce }, player));
  await trouble.stop();
  console.log({ runs, seed, ...seen, ...trouble.done, refusals: refusals(fleet) });
  for (const result of played) if (result.status === 'rejected') throw result.reason;
  expect(seen.versions).toBeGreaterThan(runs);
  return { ...seen, ...trouble.done };
};
