import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hit, page, startFakeEdge } from './fake-edge.ts';

/** The client as it is packed, unpacked in a folder of its own: nothing of this tree can be reached from there by accident. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const run = promisify(execFile);

let folder = '';
let packageBytes = 0;
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-client-'));
  const { stdout } = await run('npm', ['run', '-s', 'pack:client', '--', '--json', '--pack-destination', folder], { cwd: root });
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string; size: number }>);
  packageBytes = packed?.size ?? 0;
  await mkdir(join(folder, 'node_modules/nexus-lite'), { recursive: true });
  await run('tar', ['-xzf', join(folder, packed?.filename ?? ''), '-C', join(folder, 'node_modules/nexus-lite'), '--strip-components=1']);
  // What an install would bring: the one dependency.
  await symlink(join(root, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  await file('package.json', JSON.stringify({ type: 'module' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const asks = "const { hits } = await createNexus({ url, token: 't' }).space('s').query({ query: 'q' });";

describe('the packed client', () => {
  test('is small, and carries no code but its own', async () => {
    expect(packageBytes).toBeGreaterThan(5_000);
    expect(packageBytes).toBeLessThan(100_000);
    const { dependencies, exports } = JSON.parse(await readFile(join(folder, 'node_modules/nexus-lite/package.json'), 'utf8'));
    expect(Object.keys(dependencies)).toEqual(['zod']);
    expect(Object.keys(exports)).toEqual(['./client', './langchain', './ai-sdk']);
  });

  test('runs in Node as it is', async () => {
    const edge = await startFakeEdge(() => page([hit('found', 1)], null));
    const program = await file(
      'program.mjs',
      `import { createNexus } from 'nexus-lite/client';\nconst url = '${edge.url}';\n${asks}\nconsole.log(hits[0].doc_id);\n`,
    );
    expect((await run(process.execPath, [program], { cwd: folder })).stdout).toBe('found\n');
  });

  test('goes into a browser bundle without anything of Node, and without a schema library', async () => {
    const entry = await file('page.mjs', "export { createNexus } from 'nexus-lite/client';\n");
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      metafile: true,
    });
    expect(Object.keys(metafile.inputs).filter((name) => name.includes('zod'))).toEqual([]);
    expect(outputFiles[0]?.contents.length).toBeLessThan(20_000);
  });

  test('runs in workerd', async () => {
    const edge = await startFakeEdge(() => page([hit('found', 1)], null));
    const worker = `import { createNexus } from 'nexus-lite/client';\nexport default { async fetch() { const url = '${edge.url}'; ${asks} return new Response(hits[0].doc_id); } };\n`;
    await build({ entryPoints: [await file('worker.mjs', worker)], bundle: true, format: 'esm', outfile: join(folder, 'worker.js') });
    const config = await file(
      'config.capnp',
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "w", worker = .w), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "w")]
);
const w :Workerd.Worker = (modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-11-01");
`,
    );
    const child = spawn(bin('workerd'), ['serve', config, '--control-fd=3'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    try {
      for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
        const { event, port } = JSON.parse(line) as { event: string; port: number };
        if (event !== 'listen') continue;
        expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('found');
        break;
      }
    } finally {
      child.kill();
    }
    expect(edge.seen).toHaveLength(1);
  });

  test('tells a compiler what may be sent and what comes back', async () => {
    const program = `import { createNexus, type Hit } from 'nexus-lite/client';
const space = createNexus({ url: 'http://x', token: 't' }).space('s');
const { hits } = await space.query({ query: 'q', filter: { year: { gte: 2025 } }, include_global: true });
const first: Hit | undefined = hits[0];
export const scope: 'tenant' | 'global' | undefined = first?.source_scope;
const task = await space.ingest({ documents: [{ text: 'a', metadata: { tags: ['x'] } }] });
export const written: number = (await task.wait()).counts.written;
// @ts-expect-error: no such field
await space.query({ quer: 'q' });
// @ts-expect-error: a document is not a text
await space.ingest({ documents: ['a'] });
// @ts-expect-error: a score is a number
export const score: string = hits[0].score;
`;
    await file('types.ts', program);
    await file(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, target: 'ES2022', lib: ['ES2022', 'DOM'], module: 'NodeNext', moduleResolution: 'NodeNext', types: [] },
        files: ['types.ts'],
      }),
    );
    await run(bin('tsc'), ['-p', folder], { cwd: folder });
  });
});
