import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commonStack, newTenant } from './common-stack.ts';

/** Documents whose TypeScript is a program: each example, in the order of the page, against the running stack. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const stack = commonStack();
const tenant = newTenant();

const fence = /^```ts\n([\s\S]*?)^```$/gm;
const examplesOf = async (name: string): Promise<string[]> =>
  [...(await readFile(join(root, name), 'utf8')).matchAll(fence)].map(([, code]) => code ?? '').filter((code) => code.includes("from 'nexus-lite/"));

const entries = { 'nexus-lite/client': 'index', 'nexus-lite/langchain': 'langchain', 'nexus-lite/ai-sdk': 'ai-sdk' };
const alias = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, `client/${file}.ts`)]));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-examples-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(['README.md', 'docs/client.md'])('the examples of %s', async (name) => {
  const examples = await examplesOf(name);
  test('are there', () => expect(examples.length).toBeGreaterThan(0));

  test.each(examples.map((code, index) => [index + 1, code] as const))('number %i runs, and says something', async (index, code) => {
    const given = `const url = ${JSON.stringify(stack.edge)};\nconst token = ${JSON.stringify(await stack.token({ tenant }))};\n`;
    // README's own address is that of a stack on its ordinary port.
    const program = code.replaceAll("'http://127.0.0.1:8787'", 'url');
    const outfile = join(folder, `${name.replaceAll('/', '-')}-${index}.mjs`);
    await build({
      stdin: { contents: program.replace(/^((?:import .*\n)+)/, `$1${given}`), resolveDir: folder, loader: 'ts' },
      ...{ alias, bundle: true, external: ['@langchain/*', 'ai'], format: 'esm', platform: 'node', outfile },
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: folder });
    expect(stdout).not.toBe('');
  });
});
