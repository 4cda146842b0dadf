import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CliError, type Io } from '../command.ts';

/** Cloudflare's own tool writes the edge's KV, here and in an account: it knows both, and whose account it is. */

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(root, 'node_modules/wrangler/bin/wrangler.js');

/** Which KV: the local stack's below its data folder, or the one of a named environment of wrangler.toml. */
export type KvTarget = { local: string } | { deployment: string };

/** Nothing of the shell that could change what it does, but the account's credentials. */
const environment = (io: Io, target: KvTarget): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(io.env).filter(([name]) => !/^(NEXUS_|WRANGLER_|NODE_OPTIONS$|FORCE_COLOR$)/.test(name))),
  NO_COLOR: '1',
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  ...('local' in target ? { XDG_CONFIG_HOME: join(target.local, 'edge/config') } : {}),
});

const place = (target: KvTarget): string[] =>
  'local' in target ? ['--local', '--persist-to', join(target.local, 'edge')] : ['--remote', '--env', target.deployment];

/**
 * One `wrangler kv key …` on the namespace NEXUS_CONFIG.
 * @returns its standard output
 * @throws CliError `cli.wrangler` with what it said
 */
export const kvKey = async (io: Io, target: KvTarget, ...args: string[]): Promise<string> => {
  if (!existsSync(program)) throw new CliError('cli.wrangler', 'wrangler is not installed. Run npm ci in a clone of the repository, and this command there.');
  const argv = [program, 'kv', 'key', ...args, '--binding', 'NEXUS_CONFIG', '--config', join(root, 'wrangler.toml'), ...place(target)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root, env: environment(io, target), maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    throw new CliError('cli.wrangler', `wrangler kv key ${args[0]} failed: ${(stderr.trim() || stdout.trim()).slice(-800)}`, { cause: error });
  }
};
