import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { localStack, nexus, temporaryFolder, writeFiles } from './command-line.ts';
import { hit, json, page, startFakeEdge } from './fake-edge.ts';

const program = fileURLToPath(new URL('../../client/cli/nexus.js', import.meta.url));

describe('nexus', () => {
  test('as a program of its own, from any folder, prints the version of its package', async () => {
    const child = spawn(process.execPath, [program, '--version'], { cwd: await temporaryFolder(), stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect({ out, err, code }).toEqual({ out: `${version}\n`, err: '', code: 0 });
  });

  test('says nothing when its reader has seen enough', async () => {
    const edge = await startFakeEdge(() => page([hit('a', 1, 'x '.repeat(200_000))], 'more'));
    const env = { ...process.env, NEXUS_DATA: await localStack(edge.url), NEXUS_URL: '', NEXUS_TOKEN: '' };
    const child = spawn(process.execPath, [program, 'query', 'x', '--space', 's', '--all', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.once('data', () => child.stdout.destroy());
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ err, code }).toEqual({ err: '', code: 0 });
  });

  test('teaches every command that it lists, by example', async () => {
    const { out, code } = await nexus(['--help']);
    expect(code).toBe(0);
    const listed = [...out.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name]) => name ?? '');
    expect(listed).toEqual(['ingest', 'query', 'task', 'spaces', 'space', 'docs', 'delete', 'kpi', 'eval', 'token', 'keys', 'routes', 'completion']);
    for (const name of listed) {
      const help = await nexus([name, '--help']);
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toMatch(new RegExp(`\\n {2}(source <\\()?nexus ${name}`));
    }
  });

  test('completes commands and flags in bash', async () => {
    const { out } = await nexus(['completion', 'bash']);
    const completed = async (words: string[]): Promise<string[]> => {
      const script = `${out}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _nexus; echo \${COMPREPLY[@]}`;
      const child = spawn('bash', ['-c', script], { cwd: await temporaryFolder(), stdio: ['ignore', 'pipe', 'inherit'] });
      return (await text(child.stdout)).trim().split(' ');
    };
    expect(await completed(['nexus', 'qu'])).toEqual(['query']);
    expect(await completed(['nexus', 'query', '--fil'])).toEqual(['--filter']);
    expect(await nexus(['completion', 'cmd'])).toMatchObject({ code: 1, err: expect.stringMatching(/^cli\.usage: .*bash, zsh, fish/) });
  });

  test('refuses a command that it does not have, with the ones that it has', async () => {
    expect(await nexus(['frobnicate'])).toEqual({
      code: 1,
      out: '',
      err: 'cli.unknown_command: There is no command frobnicate. Commands: ingest, query, task, spaces, space, docs, delete, kpi, eval, token, keys, routes, completion.\n',
    });
  });

  test('says which server it could not reach', async () => {
    const edge = await startFakeEdge(() => page([], null));
    await edge.close();
    const { code, err } = await nexus(['space', 's'], { env: { NEXUS_DATA: await localStack(edge.url) } });
    expect(code).toBe(1);
    expect(err).toMatch(/^client\.connection: Cannot reach http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
  });

  test('gives the request id with a failure of the server', async () => {
    const error = { code: 'nexus.internal', message: 'Something went wrong.', http_status: 500, request_id: 'req_9', retryable: true };
    const edge = await startFakeEdge(() => json({ error }, 500));
    const { err } = await nexus(['space', 's'], { env: { NEXUS_DATA: await localStack(edge.url) } });
    expect(err).toBe('nexus.internal: Something went wrong.\n  request id: req_9\n');
  });
});

describe('nexus routes check', () => {
  const check = async (registry: string) => {
    const cwd = await temporaryFolder();
    await writeFiles(cwd, { 'routes.json': registry });
    return nexus(['routes', 'check', 'routes.json'], { cwd });
  };
  const route = { id: 'a', kind: 'nexus_store', match: { tenant_id: 't_a' }, backend: 'lancedb', root: '/data' };

  test('lists the routes of a good registry', async () => {
    const { code, out } = await check(JSON.stringify({ routes: [route] }));
    expect(code).toBe(0);
    expect(out).toMatch(/nexus_store +a +t_a\/\*\/\*\/\* -> \/data/);
  });

  test('tells a tie and its place', async () => {
    const { code, err } = await check(JSON.stringify({ routes: [route, { ...route, id: 'b' }] }));
    expect(code).toBe(1);
    expect(err).toMatch(/^nexus\.validation_failed: .*routes\.1\.match/);
  });

  test('tells what is no JSON', async () => {
    expect((await check('{')).err).toMatch(/^nexus\.malformed_json: /);
  });
});
