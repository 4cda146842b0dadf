import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

/** No engine builds the image here: its Dockerfile's own steps are carried out in a clean folder, and what it starts is asked. */

const repository = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let lines: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-image-'));
  lines = (await readFile(join(repository, 'deploy/Dockerfile'), 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const argumentsOf = (instruction: string): string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** `COPY a b c/ ./`: files by name, folders as a whole. */
const copy = async (step: string): Promise<void> => {
  const sources = step.split(/\s+/);
  const target = sources.pop() ?? '';
  for (const source of sources) {
    const to = source.endsWith('/') ? join(folder, target) : join(folder, target, source);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(repository, source), to, { recursive: true });
  }
};

/** The image's Node is its base's; here it is the one that runs this test. */
const path = `${dirname(process.execPath)}:${process.env.PATH}`;

test('the Dockerfile’s steps make a folder with production dependencies alone, whose command answers /ready and ends on SIGTERM', async () => {
  for (const step of argumentsOf('COPY').filter((one) => !one.startsWith('--from'))) await copy(step);
  for (const step of argumentsOf('RUN')) await promisify(execFile)('sh', ['-c', step], { cwd: folder, env: { ...process.env, PATH: path } });
  const { stdout } = await promisify(execFile)('ls', [join(folder, 'node_modules')]);
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['hono', 'tsx']));
  for (const name of ['vitest', 'wrangler', 'vite', 'react', 'three']) expect(stdout.split('\n')).not.toContain(name);

  const [command = '', ...args] = JSON.parse(argumentsOf('CMD')[0] ?? '[]') as string[];
  const variables = Object.fromEntries(argumentsOf('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string])));
  const route = { match: {}, root: join(folder, 'data') };
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...variables,
      PATH: path,
      PORT: '0',
      NEXUS_ROLE: 'query',
      NEXUS_EVENTS: 'pubsub',
      NEXUS_PUBSUB_TOPIC: 'projects/nexus-image/topics/events',
      PUBSUB_EMULATOR_HOST: inject('pubsubEmulator'),
      NEXUS_GRANT_SECRET: 'g'.repeat(32),
      NEXUS_CURSOR_KEYS: `k1:${'c'.repeat(32)}`,
      NEXUS_ROUTES: JSON.stringify({
        routes: [
          { ...route, id: 's', kind: 'nexus_store', backend: 'lancedb' },
          { ...route, id: 'b', kind: 'nexus_blob_store', backend: 'blob' },
        ],
      }),
    },
  });
  const exited = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { event: string; port: number };
      if (entry.event === 'runner.listening') resolve(entry.port);
    });
    exited.then(([code]) => reject(new Error(`it ended with ${code}`)));
  });
  const ready = await fetch(`http://127.0.0.1:${port}/ready`);
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, problems: [] }]);
  child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
}, 600_000);

test('the image runs as nobody special, by an exec form, and holds nothing that is not asked for', async () => {
  expect(argumentsOf('USER')).toEqual(['node']);
  expect(argumentsOf('CMD')[0]).toMatch(/^\["node", /);
  expect((await readFile(join(repository, 'deploy/Dockerfile.dockerignore'), 'utf8')).split('\n')).toContain('*');
});
