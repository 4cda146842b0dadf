import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { buildEmbedders } from '../../runner/build-embedders.ts';
import { embedderVariables } from '../../runner/embedder-environment.ts';
import { type Embedders, RefusedTextError } from '../../runner/ports/embedder.ts';
import { dimension, maxWords, rowOf, writeTinyModel } from './tiny-model.ts';

/** The real Transformers.js and ONNX runtime, with a model whose vectors can be worked out by hand. */

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-onnx-'));
  model = await writeTinyModel(join(folder, 'tiny'), 'tokenizer');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const embeddersWith = (env: Record<string, string>): Promise<Embedders> =>
  buildEmbedders(z.object(embedderVariables).parse({ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: model, NEXUS_ONNX_PACKAGES: inject('onnxPackages'), ...env }), {
    backoffMs: 1,
  });

const ofLengthOne = (vector: readonly number[]): number[] => vector.map((x) => x / Math.hypot(...vector));
const meanOf = (...words: string[]): number[] =>
  ofLengthOne(Array.from({ length: dimension }, (_, at) => words.reduce((sum, word) => sum + (rowOf(word)[at] ?? 0), 0) / words.length));

const expectNear = (vector: unknown, expected: readonly number[]): void => {
  expect(vector).toBeInstanceOf(Float32Array);
  expect([...(vector as Float32Array)].map((x) => x.toFixed(5))).toEqual(expected.map((x) => x.toFixed(5)));
};

/** The processes of models that a process has started. */
const modelProcesses = async (parent: number | undefined = process.pid): Promise<number[]> => {
  const found: number[] = [];
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [status, command] = await Promise.all(['status', 'cmdline'].map((file) => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')));
    if (status?.includes(`\nPPid:\t${parent}\n`) && command?.includes('onnx-process')) found.push(Number(entry));
  }
  return found;
};

describe('a local model', () => {
  test('learns its dimension, and gives unit vectors of each text in order, batches and all', async () => {
    const { standard, models } = await embeddersWith({ NEXUS_EMBEDDER_BATCH_INPUTS: '3' });
    expect([standard.model, standard.dimension, models]).toEqual([
      `onnx/tiny@${dimension}`,
      dimension,
      [`onnx/tiny@${dimension}`, expect.stringMatching(/^hashing/)],
    ]);
    const texts = ['red', 'red green', 'Blue blue red', 'green', 'words nobody knows', 'blue', 'red blue green'];
    const vectors = await standard.embedDocuments(texts);
    expect(vectors).toHaveLength(texts.length);
    for (const [index, text] of texts.entries()) expectNear(vectors[index], meanOf(...text.toLowerCase().split(' ')));
  });

  test('pools by the first token when that is said', async () => {
    const { standard } = await embeddersWith({ NEXUS_ONNX_POOLING: 'cls' });
    expectNear(await standard.embedQuery('green red blue'), ofLengthOne(rowOf('green')));
  });

  test('tells documents and queries apart by what is put before them', async () => {
    const { standard } = await embeddersWith({ NEXUS_EMBEDDER_QUERY_PREFIX: 'query: ', NEXUS_EMBEDDER_DOCUMENT_PREFIX: 'passage: ' });
    expectNear(await standard.embedQuery('red'), meanOf('query', ':', 'red'));
    expectNear((await standard.embedDocuments(['red']))[0], meanOf('passage', ':', 'red'));
  });

  test.each(['tokenizer', 'model'] as const)('cuts a long text at the limit that its %s states', async (limitOf) => {
    const { standard } = await embeddersWith({ NEXUS_ONNX_MODEL: await writeTinyModel(join(folder, `limit-of-${limitOf}`), limitOf) });
    expectNear(await standard.embedQuery(`${'red '.repeat(maxWords)}${'blue '.repeat(100)}`), meanOf('red'));
  });

  test('refuses alone a text that it fails on, and one that it finds no direction for', async () => {
    const { standard } = await embeddersWith({});
    const [red, crash, blue, nowhere] = await standard.embedDocuments(['red', 'green crash', 'blue', 'nowhere']);
    expectNear(red, meanOf('red'));
    expectNear(blue, meanOf('blue'));
    expect([crash, nowhere]).toEqual([expect.any(RefusedTextError), expect.any(RefusedTextError)]);
    await expect(standard.embedQuery('crash')).rejects.toThrow(RefusedTextError);
  });

  test('that is killed is started anew by the next call', async () => {
    const before = await modelProcesses();
    const { standard } = await embeddersWith({});
    const own = (await modelProcesses()).filter((pid) => !before.includes(pid));
    expect(own).toHaveLength(1);
    process.kill(own[0] as number, 'SIGKILL');
    expectNear(await standard.embedQuery('red'), meanOf('red'));
  });

  test('ends a call whose signal is aborted', async () => {
    const { standard } = await embeddersWith({});
    await expect(standard.embedQuery('red', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test.each([
    ['is not there', {}],
    ['lacks the files of this dtype', { NEXUS_ONNX_DTYPE: 'q8' }],
  ])('whose folder %s is told at start, and nothing is downloaded', async (_, env) => {
    const elsewhere = 'NEXUS_ONNX_DTYPE' in env ? model : join(folder, 'nothing');
    await expect(embeddersWith({ NEXUS_ONNX_MODEL: elsewhere, ...env })).rejects.toThrow(/NEXUS_ONNX_MODEL: .*local_files_only/s);
  });
});

test('a runner starts with a local model, and however it ends, the model’s process ends too', async () => {
  const secret = 'long-enough-to-be-one-in-this-test-but-nowhere-else';
  const runner = spawn(process.execPath, ['--import', 'tsx', 'runner/main.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env.PATH, PORT: '0', NEXUS_PROFILE: 'local', NEXUS_DATA: join(folder, 'data') },
      ...{ NEXUS_GRANT_SECRET: secret, NEXUS_CURSOR_KEYS: `k1:${secret}` },
      NEXUS_ROUTES: JSON.stringify({
        routes: [
          { id: 's', kind: 'nexus_store', match: {}, backend: 'lancedb', root: join(folder, 'data') },
          { id: 'b', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: join(folder, 'data') },
        ],
      }),
      ...{ NEXUS_EMBEDDER: 'onnx', NEXUS_ONNX_MODEL: model, NEXUS_ONNX_PACKAGES: inject('onnxPackages') },
    },
  });
  try {
    for await (const line of createInterface(runner.stdout)) if (line.includes('runner.listening')) break;
    const [pid, ...others] = await modelProcesses(runner.pid);
    expect([pid, others]).toEqual([expect.any(Number), []]);
    runner.kill('SIGKILL');
    await expect.poll(() => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), { timeout: 60_000 }).not.toContain('onnx-process');
  } finally {
    runner.kill('SIGKILL');
  }
});
