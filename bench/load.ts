import { textIndexRows } from '../runner/adapters/lance/text-index.ts';
import { vectorIndexRows } from '../runner/adapters/lance/vector-index.ts';
import type { RunnerProcess } from './runner-process.ts';

const perRequest = 1_000;
const inFlight = 4;

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

/** Bodies of ingest requests with given vectors, made before the clock runs. `pick` counts 0 to 999 again and again: a filter's share can be chosen. */
export const ingestBodies = (vectors: readonly Float32Array[], text?: (index: number) => string): Uint8Array[] =>
  Array.from({ length: Math.ceil(vectors.length / perRequest) }, (_, part) =>
    encode({
      documents: vectors.slice(part * perRequest, (part + 1) * perRequest).map((vector, at) => {
        const index = part * perRequest + at;
        return { id: `d${index}`, vector: Array.from(vector), metadata: { pick: index % 1_000 }, ...(text === undefined ? {} : { text: text(index) }) };
      }),
    }),
  );

/** Sends the bodies, a few at a time, and waits until every task has ended. @returns seconds until accepted, and until published */
export const load = async (
  runner: RunnerProcess,
  space: string,
  bodies: readonly Uint8Array[],
  tenant?: string,
): Promise<{ accepted: number; published: number }> => {
  const startedMs = performance.now();
  const tasks: string[] = [];
  let next = 0;
  const send = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answer = await runner.call('POST', `/nexus/spaces/${space}/ingest`, body, tenant);
      if (answer.status !== 202) throw new Error(`ingest answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      tasks.push(answer.body.task_id);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, send));
  const accepted = (performance.now() - startedMs) / 1000;
  for (const task of tasks) await runner.task(task, tenant);
  return { accepted, published: (performance.now() - startedMs) / 1000 };
};

/** The columns that maintenance indexes in a space of so many rows. */
export const indexedAt = (rows: number): string[] => [...(rows >= textIndexRows ? ['words'] : []), ...(rows >= vectorIndexRows ? ['vector'] : [])];

/** Waits until maintenance has left nothing to do: every row of every index is indexed. */
export const untilIndexed = async (runner: RunnerProcess, space: string, columns: readonly string[], tenant?: string): Promise<void> => {
  for (;;) {
    const { body } = await runner.call('GET', `/nexus/spaces/${space}`, undefined, tenant);
    const done = (column: string): boolean =>
      body.indexes.some((index: { column: string; unindexed_rows: number }) => index.column === column && index.unindexed_rows === 0);
    if (columns.every(done)) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};
