import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The real thing to talk to: Google's own emulator of Pub/Sub, a Java program of the Google Cloud SDK. */

const installIt =
  'Install Java 11 or newer (Debian: apt-get install default-jre-headless) and the emulator ' +
  '(gcloud components install pubsub-emulator, or the package google-cloud-cli-pubsub-emulator of the SDK’s apt source), ' +
  'or name the launcher of an emulator that is elsewhere with NEXUS_TEST_PUBSUB_EMULATOR.';

const inSdk = 'platform/pubsub-emulator/bin/cloud-pubsub-emulator';
const sdkFolders = (env: NodeJS.ProcessEnv): string[] =>
  [
    env.CLOUDSDK_ROOT_DIR,
    '/usr/lib/google-cloud-sdk',
    '/usr/share/google-cloud-sdk',
    '/opt/google-cloud-sdk',
    join(env.HOME ?? '/', 'google-cloud-sdk'),
  ].filter((folder) => folder !== undefined);

/** @throws Error that says what to install */
export const findEmulator = (env: NodeJS.ProcessEnv = process.env): string => {
  const named = env.NEXUS_TEST_PUBSUB_EMULATOR;
  const found =
    named === undefined
      ? sdkFolders(env)
          .map((folder) => join(folder, inSdk))
          .find(existsSync)
      : existsSync(named) && named;
  if (found) return found;
  throw new Error(`${named ?? 'The Pub/Sub emulator'} is not there. ${installIt}`);
};

/** @throws Error that says what to install */
export const requireJava = async (command = 'java'): Promise<void> => {
  await promisify(execFile)(command, ['-version']).catch((cause: Error) => {
    throw new Error(`Java does not run (${cause.message.split('\n')[0]}). ${installIt}`, { cause });
  });
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export interface PubsubEmulator {
  /** `host:port`, as `PUBSUB_EMULATOR_HOST` has it. */
  host: string;
  stop(): Promise<void>;
}

/** @throws Error with its last words when it does not come up */
export const startPubsubEmulator = async (): Promise<PubsubEmulator> => {
  const launcher = findEmulator();
  await requireJava();
  const host = `127.0.0.1:${await freePort()}`;
  const child = spawn(launcher, ['--host=127.0.0.1', `--port=${host.split(':')[1]}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (piece: Buffer): void => {
      said += piece;
      if (said.includes('Server started, listening on')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    exited.then(([code]) => reject(new Error(`The Pub/Sub emulator ended with ${code} before it listened:\n${said.slice(-2000)}`)));
  });
  return {
    host,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
