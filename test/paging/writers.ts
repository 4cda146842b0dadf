import { maintain } from '../../runner/store/maintain.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner } from '../runner/running-runner.ts';
import { type Feed, ingestBody } from './collection.ts';
import { type Random, random } from './random.ts';

/** A system caller may write both scopes. */
export const writer = caller({ roles: ['writer', 'admin'] });

export interface Population {
  space: string;
  feed: Feed;
  ids: Record<'tenant' | 'global', readonly string[]>;
}

export const idsOf = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, '0')}`);

const settled = async (runner: RunningRunner, accepted: Awaited<ReturnType<RunningRunner['call']>>): Promise<void> => {
  if (accepted.status !== 202) throw new Error(`a write answered ${accepted.status}: ${JSON.stringify(accepted.body)}`);
  for (;;) {
    const { body } = await runner.call('GET', `/nexus/tasks/${accepted.body.task_id}`, undefined, { context: writer });
    if (body.status === 'failed' || body.status === 'partial') throw new Error(`a write ended ${body.status}: ${JSON.stringify(body.errors)}`);
    if (body.status === 'succeeded') return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
};

export const fill = async (runner: RunningRunner, random: Random, { space, feed, ids }: Population): Promise<void> => {
  for (const scope of ['tenant', 'global'] as const)
    await settled(runner, await runner.call('POST', `/nexus/spaces/${space}/ingest`, ingestBody(random, feed, ids[scope], scope), { context: writer }));
};

/** One random write, to its end. Adds outweigh deletes, so that a space keeps most of its documents. */
const write = async (runner: RunningRunner, random: Random, { space, feed, ids }: Population): Promise<void> => {
  const scope = random.chance(0.75) ? 'tenant' : 'global';
  const path = `/nexus/spaces/${space}`;
  const some = (most: number): string[] => [...new Set(Array.from({ length: random.whole(1, most) }, () => random.pick(ids[scope])))];
  const call = { context: writer };
  const kind = random.next();
  if (kind < 0.7) return settled(runner, await runner.call('POST', `${path}/ingest`, ingestBody(random, feed, some(12), scope), call));
  if (kind < 0.8) return settled(runner, await runner.call('DELETE', `${path}/documents/${random.pick(ids[scope])}?scope=${scope}`, undefined, call));
  const what = kind < 0.9 ? { doc_ids: some(8) } : { filter: { bucket: random.whole(0, 19) } };
  return settled(runner, await runner.call('POST', `${path}/documents/delete`, { scope, ...what }, call));
};

const maintainOnce = async ({ services }: RunningRunner, random: Random, { space }: Population): Promise<void> => {
  const { store, nowMs, queue } = services;
  const key = spaceKey(caller(), random.pick(['tenant', 'global'] as const), space);
  const outcome = await queue.withLease(key, (place) => maintain({ store, nowMs }, place, random.chance(0.3) ? 'erase' : undefined));
  for (const { step, error } of outcome?.failures ?? []) throw new Error(`maintenance failed at ${step}`, { cause: error });
};

export interface Fire {
  /** Ends the writing. @returns how much was done; throws what a writer met */
  stop(): Promise<{ writes: number; maintained: number }>;
}

/** Writers that add, replace and delete, and maintenance that compacts and rebuilds, until told to stop. */
export const openFire = (runner: RunningRunner, populations: readonly Population[], seed: number, writers: number): Fire => {
  let isOn = true;
  const done = { writes: 0, maintained: 0 };
  const loop = async (random: Random, act: (random: Random) => Promise<void>): Promise<void> => {
    while (isOn) await act(random);
  };
  const work = Array.from({ length: writers }, (_, index) =>
    loop(random(seed + index), async (random) => {
      await write(runner, random, random.pick(populations));
      done.writes += 1;
    }),
  );
  work.push(
    loop(random(seed + writers), async (random) => {
      const before = done.writes;
      await maintainOnce(runner, random, random.pick(populations));
      done.maintained += 1;
      // One maintenance for some ten writes: more would leave nothing to walk across.
      while (isOn && done.writes < before + 10) await new Promise((resolve) => setTimeout(resolve, 15));
    }),
  );
  const all = Promise.all(work);
  all.catch(() => {
    isOn = false;
  });
  return {
    async stop() {
      isOn = false;
      await all;
      return done;
    },
  };
};
