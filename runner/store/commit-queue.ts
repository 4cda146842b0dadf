import { setTimeout as sleep } from 'node:timers/promises';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Change, ChangeResult } from './changes.ts';
import { type CommitDeps, commit } from './commit.ts';
import { type HeldLease, takeLease } from './lease.ts';
import type { Places, SpacePlace } from './spaces.ts';

/** The space's writer is another process and did not finish in time: try the event again later. */
export class SpaceBusyError extends Error {
  override readonly name = 'SpaceBusyError';
}

interface Waiting {
  change: Change;
  resolve: (result: ChangeResult) => void;
  reject: (error: unknown) => void;
}

/** Work that has a commit's turn to itself. */
interface Errand {
  run: (place: SpacePlace) => Promise<void>;
  reject: (error: unknown) => void;
}

interface Queue {
  waiting: Waiting[];
  errands: Errand[];
}

/** Rows in one commit: bounds the memory of one Arrow batch. */
const maxRowsPerCommit = 20_000;
/** Waiting for another process's turn to end; longer, and the event had better go back to the spine. */
const leaseWaitMs = 3_000;
/**
 * What came while a commit ran is followed by more: the next one waits as long as that one took, at most this, and takes
 * it all. A first commit waits for nobody. Each version costs requests and a fragment; a moment costs nobody much.
 */
const gatherMaxMs = 100;
const leasePollMs = 50;
const leasePollMsMax = 400;

/** One queue per space: while one commit runs, everything that arrives waits and goes into the next one. */
export interface CommitQueue {
  /** Resolves when the change is published. */
  submit(key: SpaceKey, change: Change): Promise<ChangeResult>;
  /** Runs something else under the space's lease, between commits. */
  withLease<T>(key: SpaceKey, work: (place: SpacePlace) => Promise<T>): Promise<T>;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
}

export interface CommitQueueDeps extends CommitDeps {
  places: Places;
  /** Names this process in leases. */
  instance: string;
}

export const createCommitQueue = (deps: CommitQueueDeps): CommitQueue => {
  const queues = new Map<string, Queue>();
  const running = new Map<string, Promise<void>>();

  const run = async (key: SpaceKey, { waiting, errands }: Queue): Promise<void> => {
    let lease: HeldLease | undefined;
    try {
      const place = deps.places.space(key);
      lease = await waitForLease(place);
      let lastCommitMs = 0;
      while (waiting.length + errands.length > 0) {
        if (waiting.length > 0) {
          await sleep(Math.min(lastCommitMs, gatherMaxMs));
          const startedMs = performance.now();
          await commitBatch(place, takeBatch(waiting));
          lastCommitMs = performance.now() - startedMs;
        }
        await errands.shift()?.run(place);
      }
    } catch (error) {
      for (const { reject } of [...waiting.splice(0), ...errands.splice(0)]) reject(error);
    } finally {
      // A lease that cannot be given back ends by itself.
      await lease?.release().catch(() => undefined);
    }
  };

  const waitForLease = async ({ records }: SpacePlace): Promise<HeldLease> => {
    const deadlineMs = performance.now() + leaseWaitMs;
    for (let pollMs = leasePollMs; ; pollMs = Math.min(2 * pollMs, leasePollMsMax)) {
      const lease = await takeLease(records, deps.instance, deps.nowMs);
      if (lease !== undefined) return lease;
      if (performance.now() > deadlineMs) throw new SpaceBusyError('another process is writing to this space');
      await sleep(pollMs * (1 + Math.random()));
    }
  };

  const commitBatch = async (place: SpacePlace, batch: Waiting[]): Promise<void> => {
    try {
      const results = await commit(
        deps,
        place,
        batch.map(({ change }) => change),
      );
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as ChangeResult);
      });
    } catch (error) {
      // What one request spoils must not fail the others: each is tried alone.
      if (batch.length > 1) for (const one of batch) await commitBatch(place, [one]);
      else for (const { reject } of batch) reject(error);
    }
  };

  const enqueue = (key: SpaceKey, add: (queue: Queue) => void): void => {
    const id = spaceKeyText(key);
    const queue = queues.get(id) ?? { waiting: [], errands: [] };
    queues.set(id, queue);
    add(queue);
    if (running.has(id)) return;
    const loop = async (): Promise<void> => {
      while (queue.waiting.length + queue.errands.length > 0) await run(key, queue);
      running.delete(id);
      queues.delete(id);
    };
    running.set(id, loop());
  };

  return {
    submit: (key, change) =>
      new Promise((resolve, reject) => {
        enqueue(key, ({ waiting }) => waiting.push({ change, resolve, reject }));
      }),
    withLease: (key, work) =>
      new Promise((resolve, reject) => {
        const run = (place: SpacePlace) => work(place).then(resolve, reject);
        enqueue(key, ({ errands }) => errands.push({ run, reject }));
      }),
    async drained() {
      await Promise.all(running.values());
    },
  };
};

/** A derivation looks at what is published, so nothing else may be on its way with it. */
const isAlone = (waiting: Waiting | undefined): boolean => waiting?.change.kind === 'derive';

const takeBatch = (waiting: Waiting[]): Waiting[] => {
  if (isAlone(waiting[0])) return waiting.splice(0, 1);
  let rows = 0;
  const end = waiting.findIndex(({ change }, index) => {
    rows += change.kind === 'write' ? change.documents.reduce((sum, document) => sum + document.rows.length, 0) : 1;
    return index > 0 && (rows > maxRowsPerCommit || change.kind === 'derive');
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
};
