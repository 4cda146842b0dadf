import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readStack } from '../../client/cli/stack-files.ts';
import { parseOptions } from '../../local/options.ts';
import { choosePorts } from '../../local/ports.ts';
import { loadSecrets, openDataFolder } from '../../local/secrets.ts';
import { releaseStack, takeStack } from '../../local/stack-record.ts';
import { temporaryFolder } from './command-line.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('options of npm start', () => {
  test('have the defaults of the contract', () => {
    expect(parseOptions([], {}, '/home/me')).toEqual({ data: '/home/me/.nexus', port: 8787, runnerPort: 8788 });
  });

  test('are taken from flags, and the folder also from NEXUS_DATA', () => {
    expect(parseOptions(['--data', 'x', '--port', '0', '--runner-port', '65535'], { NEXUS_DATA: '/y' }, '/home/me')).toEqual({
      data: '/home/me/x',
      port: 0,
      runnerPort: 65535,
    });
    expect(parseOptions([], { NEXUS_DATA: '/y' }, '/home/me').data).toBe('/y');
  });

  test.each([[['--port', '65536']], [['--port', 'http']], [['--runner-port', '-1']], [['--prot', '1']], [['folder']]])('refuse %j', (argv) => {
    expect(() => parseOptions(argv, {}, '/')).toThrow(/port|folder|flags/i);
  });
});

describe('ports', () => {
  const listening = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };

  test('of 0 are two different free ones', async () => {
    const { edge, runner } = await choosePorts({ data: '/', port: 0, runnerPort: 0 });
    expect(edge).toBeGreaterThan(0);
    expect(runner).toBeGreaterThan(0);
    expect(edge).not.toBe(runner);
  });

  test('that are in use are refused with the flag that changes them', async () => {
    const taken = await listening();
    await expect(choosePorts({ data: '/', port: taken, runnerPort: 0 })).rejects.toThrow(`Port ${taken} is in use. Choose another with --port N`);
    await expect(choosePorts({ data: '/', port: 0, runnerPort: taken })).rejects.toThrow(`Port ${taken} is in use. Choose another with --runner-port N`);
  });
});

describe('secrets of the local stack', () => {
  test('are made up at the first start, readable by the owner alone, and kept', async () => {
    const data = join(await temporaryFolder(), 'new/data');
    await openDataFolder(data);
    const first = await loadSecrets(data, {});
    expect(await modeOf(data)).toBe(0o700);
    expect(await modeOf(join(data, 'secrets.json'))).toBe(0o600);
    expect(await loadSecrets(data, {})).toEqual(first);
    expect(new Set([first.jwt_secret, first.grant_secret, first.cursor_keys.slice(3)]).size).toBe(3);
    expect(first.cursor_keys).toMatch(/^k1:[0-9a-f]{64}$/);
    expect(await readdir(data)).toEqual(['secrets.json']);
  });

  test('are those of one start when several make them up at once', async () => {
    const data = await temporaryFolder();
    const [one, ...others] = await Promise.all(Array.from({ length: 8 }, () => loadSecrets(data, {})));
    for (const other of others) expect(other).toEqual(one);
  });

  test('of the environment win and are not written', async () => {
    const data = await temporaryFolder();
    const env = { NEXUS_JWT_SECRET: 'e'.repeat(40), NEXUS_GRANT_SECRET: 'f'.repeat(40), NEXUS_CURSOR_KEYS: `k9:${'d'.repeat(40)}` };
    expect(await loadSecrets(data, env)).toEqual({
      jwt_secret: env.NEXUS_JWT_SECRET,
      grant_secret: env.NEXUS_GRANT_SECRET,
      cursor_keys: env.NEXUS_CURSOR_KEYS,
    });
    expect(await readFile(join(data, 'secrets.json'), 'utf8')).not.toMatch(/eeee|ffff|dddd/);
  });

  test('that others could read are closed again', async () => {
    const data = await temporaryFolder();
    await loadSecrets(data, {});
    await chmod(join(data, 'secrets.json'), 0o644);
    await loadSecrets(data, {});
    expect(await modeOf(join(data, 'secrets.json'))).toBe(0o600);
  });
});

describe('a data folder', () => {
  /** A process that looks like a part of a stack, in its own process group. */
  const lookalike = async (argument: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)', argument], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  const recordOf = (pid: number | undefined, data: string, children: unknown[] = []) =>
    JSON.stringify({ pid, data, started_at: 'x', edge: 'http://e', children });

  test('belongs to one stack while that lives, and to the next one after it', async () => {
    const data = await temporaryFolder();
    const other = await lookalike('local/start.ts');
    await writeFile(join(data, 'stack.json'), recordOf(other.pid, data));
    await expect(takeStack(data, 'now')).rejects.toThrow(`A stack already runs on ${data} at http://e (process ${other.pid})`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await takeStack(data, 'now')).toMatchObject({ pid: process.pid });
    expect(await modeOf(join(data, 'stack.json'))).toBe(0o600);
    expect(await readStack(data)).toMatchObject({ pid: process.pid, started_at: 'now' });
    await releaseStack(data);
    expect(await readStack(data)).toBeUndefined();
  });

  test("is taken over when its process number is somebody else's by now, who is left alone", async () => {
    const data = await temporaryFolder();
    const stranger = await lookalike('stranger');
    await writeFile(join(data, 'stack.json'), recordOf(stranger.pid, data, [{ name: 'edge', pid: stranger.pid }]));
    await takeStack(data, 'now');
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  test('is taken over with what a killed stack left running ended', async () => {
    const data = await temporaryFolder();
    const left = await lookalike('local/leash.js');
    const ended = once(left, 'exit');
    await writeFile(join(data, 'stack.json'), recordOf(2 ** 30, data, [{ name: 'edge', pid: left.pid }]));
    await takeStack(data, 'now');
    expect((await ended)[1]).toBe('SIGTERM');
  });
});
