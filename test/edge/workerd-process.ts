import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** The runtime's own configuration format (Cap'n Proto text): one Worker, its variables, one socket on a free port. */
const configOf = (variables: Record<string, string>, compatibilityDate: string): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "edge", worker = .edge), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")]
);
const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate}",
  bindings = [${Object.entries(variables)
    .map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`)
    .join(', ')}]
);
`;

const listeningPort = async (control: Readable, complaints: () => string): Promise<number> => {
  for await (const line of createInterface({ input: control })) {
    const event = JSON.parse(line) as { event: string; port: number };
    if (event.event === 'listen') return event.port;
  }
  throw new Error(`workerd ended before it listened: ${complaints()}`);
};

/**
 * The edge as it is deployed, in workerd itself: `wrangler dev` and its like stand between the wire and the Worker,
 * with manners of their own about bodies that break off.
 */
export const startWorkerd = async (variables: Record<string, string>) => {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-edge-'));
  const env = {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  };
  await promisify(execFile)(process.execPath, [bin('wrangler'), 'deploy', '--dry-run', '--outdir', folder], { cwd: root, env });
  const { compatibility_date } = (await import('wrangler')).unstable_readConfig({ config: join(root, 'wrangler.toml') });
  await writeFile(join(folder, 'config.capnp'), configOf(variables, compatibility_date ?? ''));
  const child = spawn(bin('workerd'), ['serve', join(folder, 'config.capnp'), '--control-fd=3'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaints += text;
  });
  const port = await listeningPort(child.stdio[3] as Readable, () => complaints);
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    pid: child.pid ?? 0,
    async close(): Promise<void> {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
