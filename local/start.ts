import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../client/cli/command.ts';
import type { Stack } from '../client/cli/stack-files.ts';
import { typescriptLoader } from '../runner/adapters/typescript-loader.ts';
import { buildViewer } from './build-viewer.ts';
import { type Child, childFailed, startChild, stopChild } from './children.ts';
import { untilHealthy } from './health.ts';
import { parseOptions, StartError, type StartOptions } from './options.ts';
import { choosePorts, host } from './ports.ts';
import { tierRoutes } from './routes-default.ts';
import { loadSecrets, openDataFolder } from './secrets.ts';
import { recordStack, releaseStack, takeStack } from './stack-record.ts';
import { edgeBindings, envFileText, runnerEnvironment, type TierFacts, wranglerEnvironment } from './tier-environment.ts';

/** `npm start`: runner and edge with embedded defaults, until a signal or until one of them dies. */

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

const startRunner = (facts: TierFacts): Child =>
  startChild('runner', [...typescriptLoader(), join(root, 'runner/main.ts')], runnerEnvironment(process.env, facts), root, join(facts.data, 'logs/runner.log'));

const startEdge = async (facts: TierFacts, port: number): Promise<Child> => {
  const envFile = join(facts.data, 'edge.env');
  await rm(envFile, { force: true });
  await writeFile(envFile, envFileText(edgeBindings(process.env, facts)), { mode: 0o600, flag: 'wx' });
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  const flags = {
    config: join(root, 'wrangler.toml'),
    ip: host,
    port,
    'inspector-port': 0,
    'persist-to': join(facts.data, 'edge'),
    'env-file': envFile,
    'log-level': 'warn',
    'show-interactive-dev-session': false,
  };
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return startChild('edge', [wrangler, 'dev', '--local', ...argv], wranglerEnvironment(process.env, facts.data), root, join(facts.data, 'logs/edge.log'));
};

const firstSignal = (): Promise<'stop'> =>
  new Promise((resolve) => {
    // Stays mounted: npm passes on a signal that the terminal has sent already, and the second must not cut the stop short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stop'));
  });

const deathOf = async (child: Child): Promise<never> => {
  throw childFailed(child, `ended by itself (${await child.exited})`);
};

/** Runs both tiers until the stop. @throws StartError when one does not come up or dies */
const runTiers = async (stack: Stack, facts: TierFacts, edgePort: number, stop: Promise<'stop'>): Promise<void> => {
  const { data, runnerUrl: runner } = facts;
  const edge = `http://${host}:${edgePort}`;
  const starting = new AbortController();
  const children: Child[] = [];
  try {
    const runnerChild = startRunner(facts);
    children.push(runnerChild);
    await buildViewer(root, (line) => process.stderr.write(`${line}\n`));
    const edgeChild = await startEdge(facts, edgePort);
    children.push(edgeChild);
    const pids = children.map(({ name, pid }) => ({ name, pid }));
    await recordStack({ ...stack, children: pids });
    const ended = Promise.race([stop, ...children.map(deathOf)]);
    const healthy = Promise.all([untilHealthy(runnerChild, runner, starting.signal), untilHealthy(edgeChild, edge, starting.signal)]);
    if ((await Promise.race([ended, healthy])) === 'stop') return;
    await recordStack({ ...stack, edge, runner, children: pids });
    process.stdout.write(`${JSON.stringify({ ready: true, edge, runner, data })}\n`);
    await ended;
  } finally {
    starting.abort();
    await Promise.all(children.map(stopChild));
    await rm(join(data, 'edge.env'), { force: true });
  }
};

const start = async (options: StartOptions, stop: Promise<'stop'>): Promise<void> => {
  const { data } = options;
  await openDataFolder(data);
  const stack = await takeStack(data, new Date().toISOString());
  try {
    await mkdir(join(data, 'logs'), { recursive: true });
    const secrets = await loadSecrets(data, process.env);
    const ports = await choosePorts(options);
    const runnerUrl = `http://${host}:${ports.runner}`;
    const routes = await tierRoutes(process.env.NEXUS_ROUTES, data, runnerUrl, process.cwd());
    await runTiers(stack, { data, secrets, routes, runnerPort: ports.runner, runnerUrl }, ports.edge, stop);
  } finally {
    await releaseStack(data);
  }
};

try {
  await start(parseOptions(process.argv.slice(2), process.env, process.cwd()), firstSignal());
  process.exit(0);
} catch (error) {
  const isTold = error instanceof StartError || error instanceof CliError;
  process.stderr.write(`${isTold ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
