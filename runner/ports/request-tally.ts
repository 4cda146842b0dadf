import { AsyncLocalStorage } from 'node:async_hooks';

/** Requests to object stores made on behalf of one piece of work, tries that failed included, and the bytes of what was read or written. */
export interface RequestTally {
  requests: number;
  bytes: number;
}

const current = new AsyncLocalStorage<RequestTally>();

/** Runs work and counts what it, and nothing beside it, asks of object stores through the blobs. */
export const tallied = <T>(work: (tally: RequestTally) => Promise<T>): Promise<T> => {
  const tally = { requests: 0, bytes: 0 };
  return current.run(tally, () => work(tally));
};

export const noteRequest = (): void => {
  const tally = current.getStore();
  if (tally !== undefined) tally.requests += 1;
};

export const noteBytes = (bytes: number): void => {
  const tally = current.getStore();
  if (tally !== undefined) tally.bytes += bytes;
};
