import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNexus } from '../../client/index.ts';
import { type BrokenWire, startBrokenWire } from './broken-wire.ts';
import { type RunningStack, startStack } from './running-stack.ts';

let stack: RunningStack;
let wire: BrokenWire;
beforeAll(async () => {
  [stack, wire] = await Promise.all([startStack(), startBrokenWire()]);
  wire.leadTo(stack.edge);
});
afterAll(async () => {
  await wire.close();
  await stack.remove();
});

test('ten thousand documents arrive once each, over a wire that cuts connections and loses answers, while every process is killed and started again', async () => {
  const token = await stack.token({ tenant: 't_a' });
  // A loaded machine takes its time to start again: the client waits longer than it would.
  const patient = createNexus({ url: wire.url, token, sleep: (ms, signal) => pause(ms * 3, undefined, { signal }) });
  const documents = Array.from({ length: 10_000 }, (_, index) => ({ id: `d${index}`, text: `document number ${index}`, metadata: { index } }));

  let restarted: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    wire.leadTo(undefined);
    await stack.kill('runner');
    stack = await stack.startAgain();
    wire.leadTo(stack.edge);
  };
  const space = patient.space('bulk');
  const tasks = await space.ingestAll(documents, {
    onAccepted() {
      restarted ??= restart();
    },
  });
  await restarted;
  for (const task of tasks) expect(await task.wait()).toMatchObject({ status: 'succeeded', counts: { documents: 1000, written: 1000 } });

  for (const fate of ['cut before it arrives', 'cut before its answer', 'too many', 'overloaded'] as const)
    expect(wire.fates.get(fate), fate).toBeGreaterThan(0);
  const direct = createNexus({ url: stack.edge, token });
  const stored: string[] = [];
  for await (const { doc_id } of direct.space('bulk').documents.list({ limit: 100 })) stored.push(doc_id);
  expect(stored.length).toBe(10_000);
  expect(new Set(stored).size).toBe(10_000);
  expect(await direct.space('bulk').describe()).toMatchObject({ documents: 10_000, chunks: 10_000 });
  // An answer that was lost was asked for again by the same key: no request was accepted twice.
  const accepted: string[] = [];
  for await (const { task_id } of direct.tasks({ space_id: 'bulk', limit: 100 })) accepted.push(task_id);
  expect(accepted.sort()).toEqual(tasks.map(({ task_id }) => task_id).sort());
});
