import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '../../shared/http/tasks.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import { type Accepted, isLater } from './model.ts';
import { headsOf, type Published, readPublished, type StoreView } from './published.ts';

/** Reads every version of a space as it is published. */
export interface Observer {
  /** Everything published so far has been read. @throws what was wrong in one of them */
  stop(): Promise<Published[]>;
}

const everyMs = 100;
const isGone = (error: unknown): boolean => error instanceof Error && /not found|does not exist/i.test(error.message);

/** @param lives how many lives of the space have begun: what is of an earlier one may be gone */
export const observe = (store: StoreView, key: SpaceKey, accepted: ReadonlyMap<string, Accepted>, lives: () => number): Observer => {
  const seen: Published[] = [];
  let last = 0;
  const look = async (): Promise<void> => {
    for (const found of await headsOf(store, key, last)) {
      last = found.number;
      try {
        seen.push(await readPublished(store, key, found, accepted));
      } catch (error) {
        if (isGone(error) && found.head.epoch < lives()) continue;
        throw new Error(`head ${found.number}, version ${found.head.version}, life ${found.head.epoch}: ${String(error)}`, { cause: error });
      }
    }
  };
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      await look();
      await sleep(everyMs);
    }
    await look();
  })();
  // Awaited by stop; an early failure must not be an unhandled one.
  watching.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await watching;
      return seen;
    },
  };
};

/** Through all versions of one life, no document goes back to an earlier request. */
export const checkNeverBack = (versions: readonly Published[]): void => {
  const newest = new Map<string, Accepted>();
  for (const { number, life, documents } of versions) {
    for (const [docId, request] of documents) {
      const before = newest.get(`${life} ${docId}`);
      if (before !== undefined && isLater(before, request))
        throw new Error(`head ${number}: document ${docId} went back from ${before.taskId} to ${request.taskId}`);
      newest.set(`${life} ${docId}`, request);
    }
  }
};

/** Every version from the one that a task names on holds what the task did, or what came later. */
export const checkTasksAreVisible = (versions: readonly Published[], accepted: ReadonlyMap<string, Accepted>, tasks: ReadonlyMap<string, Task>): void => {
  const takers = [...accepted.values()].filter(({ wish }) => wish.kind === 'delete_where' || wish.kind === 'delete');
  for (const request of accepted.values()) {
    const task = tasks.get(request.taskId);
    if (task === undefined || task.commit_version === null) continue;
    const from = task.commit_version;
    const after = versions.filter(({ life, version }) => life === request.life && version >= from);
    for (const { number, documents } of after) {
      const problem = (docId: string) =>
        new Error(`head ${number}: document ${docId} does not show task ${request.taskId} (${request.wish.kind}, version ${from})`);
      if (request.wish.kind === 'ingest' && task.counts.written === request.documents.size)
        for (const docId of request.documents.keys()) {
          const found = documents.get(docId);
          if (found === undefined ? !takers.some((taker) => isLater(taker, request)) : isLater(request, found)) throw problem(docId);
        }
      if (request.wish.kind === 'delete' && task.counts.documents === request.wish.ids.length)
        for (const docId of request.wish.ids) {
          const found = documents.get(docId);
          if (found !== undefined && isLater(request, found)) throw problem(docId);
        }
    }
  }
};
