import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleFile } from '../runner/read-file.ts';
import { allProcesses, type Process, processesOf } from './process-tree.ts';
import { type RunningStack, startStack } from './running-stack.ts';

/** Guarantee 6: with nothing asked, no database process exists; and what the stack's processes keep secret, and how they end. */

/** Two stacks side by side; the second one by npm itself, as README has it. */
let stack: RunningStack;
let twin: RunningStack;

beforeAll(async () => {
  [stack, twin] = await Promise.all([startStack(), startStack({ npm: true })]);
});
afterAll(async () => {
  await Promise.all([stack?.remove(), twin?.remove()]);
});

/** What may run, by what its command line says. */
const kinds: Record<string, RegExp> = {
  launcher: /local\/start\.ts/,
  runner: /runner\/main\.ts/,
  'edge (wrangler)': /wrangler\/.*(wrangler|cli)\.js dev/,
  'edge (workerd)': /\/workerd serve /,
  'compiler of TypeScript': /\/esbuild --service/,
};
const kindOf = ({ command }: Process): string => Object.keys(kinds).find((kind) => kinds[kind]?.test(command)) ?? `unexpected: ${command}`;

describe('with nothing asked', () => {
  test('there are the launcher, the runner and the edge, and no database', async () => {
    const running = await processesOf(stack);
    expect(new Set(running.map(kindOf))).toEqual(new Set(Object.keys(kinds)));
    expect(running.filter((one) => kindOf(one) === 'runner').length).toBe(1);
  });

  test('the runner has begun no process, and holds no space open', async () => {
    expect((await allProcesses()).filter(({ parent }) => parent === stack.tiers.runner)).toEqual([]);
    expect(await readdir(join(stack.data, 'store')).catch(() => [])).toEqual([]);
    expect(await readdir(join(stack.data, 'spool', 'queue'))).toEqual([]);
  });

  test('and after work was done it is the same', async () => {
    const token = await stack.token({ tenant: 't_a' });
    await stack.ingestAndWait(token, 's', { documents: [{ id: 'a', text: 'a document' }] });
    expect((await stack.call('POST', '/nexus/spaces/s/query', { token, body: { query: 'document' } })).body.hits.length).toBe(1);
    const running = await processesOf(stack);
    expect(new Set(running.map(kindOf))).toEqual(new Set(Object.keys(kinds)));
    expect((await allProcesses()).filter(({ parent }) => parent === stack.tiers.runner)).toEqual([]);
  });
});

describe('a file that needs a parser', () => {
  test('is read in a process of its own, which leaves when nothing more is to be read', async () => {
    const token = await stack.token({ tenant: 't_a' });
    const data_base64 = Buffer.from(exampleFile('fake-memo.pdf')).toString('base64');
    await stack.ingestAndWait(token, 'files', { documents: [{ id: 'memo', content: { media_type: 'application/pdf', data_base64 } }] });
    const { body } = await stack.call('POST', '/nexus/spaces/files/query', { token, body: { query: 'blankets and laptops' } });
    const [{ page, text, offsets }] = body.hits;
    expect(page).toBe(1);
    expect(text).toContain('There were 20,000 bottles of water, 10,000 blankets, and 200 laptops delivered on January 23, 2023.');
    const document = await stack.call('GET', '/nexus/spaces/files/documents/memo?include=text', { token });
    expect(document.body.text.slice(offsets.start, offsets.end)).toBe(text);
    await expect.poll(async () => (await allProcesses()).filter(({ parent }) => parent === stack.tiers.runner), { timeout: 60_000 }).toEqual([]);
  });
});

describe('two stacks side by side', () => {
  test('have their own ports and folders, and no data in common', async () => {
    expect(new Set([stack.edge, stack.runner, twin.edge, twin.runner]).size).toBe(4);
    expect(stack.data).not.toBe(twin.data);
    const token = await twin.token({ tenant: 't_a' });
    await twin.ingestAndWait(token, 's', { documents: [{ id: 'of-the-twin', text: 'another document' }] });
    const { body } = await twin.call('POST', '/nexus/spaces/s/query', { token, body: { query: 'document' } });
    expect(body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['of-the-twin']);
  });

  test("take none of each other's tokens", async () => {
    for (const [here, there] of [
      [stack, twin],
      [twin, stack],
    ] as const) {
      const { status } = await here.call('GET', '/nexus/spaces', { token: await there.token({ tenant: 't_a' }) });
      expect(status).toBe(401);
    }
  });

  test('a second one on the same folder is told so and leaves the first alone', async () => {
    await expect(startStack({ data: stack.data })).rejects.toThrow(/A stack already runs on .* Stop it first/);
    expect((await stack.call('GET', '/health')).status).toBe(200);
  });
});

describe('secrets', () => {
  const secretsOf = async ({ data, secrets }: RunningStack): Promise<string[]> => {
    const { d } = JSON.parse(await readFile(join(data, 'spool', 'push-key.json'), 'utf8')) as { d: string };
    return [secrets.jwt_secret, secrets.grant_secret, secrets.cursor_keys.split(':')[1] as string, d];
  };

  test('are made at the first start: long, and others in each folder', async () => {
    const all = [...(await secretsOf(stack)), ...(await secretsOf(twin))];
    expect(new Set(all).size).toBe(8);
    for (const secret of all) expect(secret.length).toBeGreaterThanOrEqual(43);
  });

  test('lie in files that their owner alone can read', async () => {
    for (const name of ['secrets.json', 'edge.env', 'spool/push-key.json']) {
      expect([name, ((await stat(join(stack.data, name))).mode & 0o777).toString(8)]).toEqual([name, '600']);
    }
    for (const folder of ['.', 'spool']) expect([folder, ((await stat(join(stack.data, folder))).mode & 0o777).toString(8)]).toEqual([folder, '700']);
  });

  test('are in no process arguments', async () => {
    const secrets = [...(await secretsOf(stack)), ...(await secretsOf(twin))];
    const commands = (await allProcesses()).map(({ command }) => command);
    expect(commands.length).toBeGreaterThan(6);
    expect(commands.filter((command) => secrets.some((secret) => command.includes(secret)))).toEqual([]);
  });

  test('are in no output, no log and no other file', async () => {
    for (const one of [stack, twin]) {
      const secrets = await secretsOf(one);
      const token = await one.token({ tenant: 't_a' });
      await one.call('POST', '/nexus/spaces/s/query', { token, body: { query: 'x', cursor: 'c' } });
      const { stdout, stderr } = one.output();
      const holders = [stdout, stderr].filter((text) => [...secrets, token].some((secret) => text.includes(secret)));
      expect(holders).toEqual([]);
      const files = (await readdir(one.data, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      expect(files.some((path) => path.endsWith('logs/runner.log'))).toBe(true);
      for (const path of files.filter((name) => !/\/(secrets\.json|edge\.env|push-key\.json)$/.test(name))) {
        const bytes = await readFile(path, 'latin1').catch(() => '');
        expect([path, [...secrets, token].some((secret) => bytes.includes(secret))]).toEqual([path, false]);
      }
    }
  });
});

describe('a signal', () => {
  const expectGone = async (pids: number[], data: string): Promise<void> => {
    const left = (await allProcesses()).filter(
      ({ pid, command, environment }) => pids.includes(pid) || (pid !== process.pid && `${command} ${environment}`.includes(data)),
    );
    expect(left).toEqual([]);
    expect(await readdir(data)).not.toContain('stack.json');
    expect(await readdir(data)).not.toContain('edge.env');
  };

  test('SIGTERM to npm start ends everything with exit code 0 and leaves no process', async () => {
    const pids = (await processesOf(twin)).map(({ pid }) => pid);
    expect(await twin.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGone(pids, twin.data);
  });

  test('SIGINT in the middle of work ends everything with exit code 0 and leaves no process', async () => {
    const pids = (await processesOf(stack)).map(({ pid }) => pid);
    const token = await stack.token({ tenant: 't_a' });
    const body = { documents: Array.from({ length: 200 }, (_, i) => ({ id: `d${i}`, text: `document ${i}` })) };
    const accepted = await Promise.all([1, 2, 3, 4].map(() => stack.call('POST', '/nexus/spaces/busy/ingest', { token, body })));
    expect(accepted.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(await stack.stop('SIGINT')).toEqual({ code: 0, signal: null });
    await expectGone(pids, stack.data);
  });
});
