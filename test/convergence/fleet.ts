import { setTimeout as sleep } from 'node:timers/promises';
import type { SpaceKey } from '../../shared/space-key.ts';
import { holderOf, type StoreView } from './published.ts';
import { type RunnerProcess, runnerProcess } from './runner-process.ts';
import type { SharedRoots } from './shared-roots.ts';

/** One runner that accepts and does not deliver, and several that carry out what is pushed to them, on the same data. */
export interface Fleet {
  acceptor: RunnerProcess;
  acceptorData: string;
  workers: RunnerProcess[];
  stop(): Promise<void>;
}

export const startFleet = async (roots: Pick<SharedRoots, 'routes' | 'dataOf' | 'env'>, workerCount: number): Promise<Fleet> => {
  const acceptorData = roots.dataOf('acceptor');
  const acceptor = runnerProcess({ data: acceptorData, role: 'query', ...roots });
  const workers = Array.from({ length: workerCount }, (_, index) => runnerProcess({ data: roots.dataOf(`worker-${index}`), role: 'worker', ...roots }));
  await Promise.all([acceptor, ...workers].map((runner) => runner.start()));
  return {
    acceptor,
    acceptorData,
    workers,
    async stop() {
      await Promise.all([acceptor, ...workers].map((runner) => runner.kill()));
    },
  };
};

/** A lease lasts 10 s, and 2 s are allowed for clocks: who sleeps longer than both has lost it. */
const losesLeaseMs = 13_000;

export interface Trouble {
  paused: number;
  lostLease: number;
  killed: number;
}

/**
 * Pauses and kills workers, by preference those that hold the lease of a busy space at that moment, until it is stopped;
 * then all are running again. Never more than half of them at once.
 * @param restMs between two strikes, at most: a store on which a commit takes seconds would never see one end under strikes as quick as a disk bears
 */
export const makeTrouble = (fleet: Fleet, store: StoreView, busySpaces: () => SpaceKey[], random: () => number, restMs = 45) => {
  const down = new Set<RunnerProcess>();
  const done: Trouble = { paused: 0, lostLease: 0, killed: 0 };
  const recovering = new Set<Promise<void>>();
  let stopped = false;

  const holder = async (): Promise<RunnerProcess | undefined> => {
    for (const key of busySpaces()) {
      const instance = await holderOf(store, key).catch(() => undefined);
      const found = fleet.workers.find((worker) => worker.instance() === instance && !down.has(worker));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const strike = async (worker: RunnerProcess): Promise<void> => {
    const dice = random();
    if (dice < 0.35) {
      done.killed += 1;
      await worker.kill();
      await worker.start();
      return;
    }
    const isLong = dice < 0.7;
    done[isLong ? 'lostLease' : 'paused'] += 1;
    worker.pause();
    // Stopping the trouble wakes the sleepers only when their time has come: what they do then is the test.
    await sleep(isLong ? losesLeaseMs : 100 + random() * 1_500);
    worker.resume();
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      await sleep(restMs * (0.1 + 0.9 * random()));
      const worker = down.size * 2 >= fleet.workers.length ? undefined : await holder();
      if (worker === undefined || stopped) continue;
      down.add(worker);
      const recovery = strike(worker).finally(() => {
        down.delete(worker);
        recovering.delete(recovery);
      });
      recovering.add(recovery);
      await sleep(500 + random() * 2_000);
    }
    await Promise.all(recovering);
  };
  const looping = loop();
  looping.catch(() => undefined);
  return {
    done,
    async stop(): Promise<void> {
      stopped = true;
      await looping;
    },
  };
};
