import { Worker } from 'node:worker_threads';
import type { Fitted, Placed } from './project/projection.ts';
import type { Rows } from './project/rows.ts';

export type MapRequest = { kind: 'fit'; landmarks: Rows; texts: readonly string[]; isCosine: boolean } | { kind: 'place'; vectors: Rows };
export type MapAnswer = { fitted: Fitted } | { placed: Placed } | { failed: string };

/** One map in the making, in a thread of its own. One call at a time; vectors that are given are given away. */
export interface Mapper {
  fit(landmarks: Rows, texts: readonly string[], isCosine: boolean): Promise<Fitted>;
  place(vectors: Rows): Promise<Placed>;
  close(): Promise<void>;
}

/** The thread's heap: landmarks, their layout and one batch, several times over. MiB. */
const heapMiB = 768;

/** The process's own flags are not the thread's: loaders and watchers of the launcher end it or slow it down. */
export const startMapper = (): Mapper => {
  const thread = new Worker(new URL('./map-thread.ts', import.meta.url), { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: heapMiB } });
  let settle: { resolve: (answer: MapAnswer) => void; reject: (error: unknown) => void } | undefined;
  let ended: unknown;
  const end = (error: unknown): void => {
    ended ??= error;
    settle?.reject(error);
  };
  thread.on('message', (answer: MapAnswer) => settle?.resolve(answer));
  thread.on('error', end);
  thread.on('exit', (code) => end(new Error(`the map's thread ended with ${code}`)));

  const ask = (request: MapRequest, values: Float32Array): Promise<MapAnswer> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      settle = { resolve, reject };
      thread.postMessage(request, [values.buffer as ArrayBuffer]);
    });
  const failed = (answer: MapAnswer): Error =>
    new Error(`the map could not be computed: ${'failed' in answer ? answer.failed : 'an answer to another question'}`);

  return {
    async fit(landmarks, texts, isCosine) {
      const answer = await ask({ kind: 'fit', landmarks, texts, isCosine }, landmarks.values);
      if ('fitted' in answer) return answer.fitted;
      throw failed(answer);
    },
    async place(vectors) {
      const answer = await ask({ kind: 'place', vectors }, vectors.values);
      if ('placed' in answer) return answer.placed;
      throw failed(answer);
    },
    async close() {
      await thread.terminate();
    },
  };
};
