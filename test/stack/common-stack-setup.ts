import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { newDataFolder, rootOf, startStack } from './running-stack.ts';
import { startSeeingProxy } from './seeing-proxy.ts';
import type { StackAddress } from './stack-caller.ts';

/** The one stack that all files share whose guarantee needs none of its own: each has tenants of its own in it. */
export interface CommonStack extends StackAddress {
  proxy: string;
  /** Files in here may be imported by `importer`. */
  imports: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    commonStack: CommonStack;
  }
}

export const importer = 't_importer';
/** In env `ownonly` this tenant has a route, the shared data of the system tenant has none. */
export const loneTenant = 't_lone';

/** A port on which nobody listens any more. */
const closedPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/**
 * What an env leads to: `dev` through the proxy, `staging` straight to the runner, `storeonly` and `blobsonly` to
 * one kind of resource without the other, `adrift` to a runner that is not there, and any other env nowhere.
 */
const registryOf = (data: string, imports: string, proxy: string, nobody: string) => {
  const store = (id: string, env: string, runners?: string[]) => ({
    id,
    kind: 'nexus_store',
    match: { env },
    backend: 'lancedb',
    root: rootOf(data, 'store'),
    runners,
  });
  const blobs = (id: string, env: string, runners?: string[]) => ({
    id,
    kind: 'nexus_blob_store',
    match: { env },
    backend: 'blob',
    root: rootOf(data, 'blobs'),
    runners,
    import: [{ tenant_id: importer, prefix: imports }],
  });
  return {
    routes: [
      store('dev-store', 'dev', [proxy]),
      blobs('dev-blobs', 'dev', [proxy]),
      store('staging-store', 'staging'),
      blobs('staging-blobs', 'staging'),
      store('lone-store', 'storeonly'),
      blobs('lone-blobs', 'blobsonly'),
      { ...store('own-store', 'ownonly'), match: { env: 'ownonly', tenant_id: loneTenant } },
      store('adrift-store', 'adrift', [nobody]),
      blobs('adrift-blobs', 'adrift', [nobody]),
    ],
  };
};

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const proxy = await startSeeingProxy();
  const data = await newDataFolder();
  const imports = join(data, 'imports');
  await mkdir(imports);
  const routes = registryOf(data, imports, proxy.url, `http://127.0.0.1:${await closedPort()}`);
  const stack = await startStack({ data, env: { NEXUS_ROUTES: JSON.stringify(routes) } }).catch(async (error: unknown) => {
    await proxy.close();
    throw error;
  });
  proxy.passTo(stack.runner);
  const { edge, runner, secrets } = stack;
  project.provide('commonStack', { edge, runner, data, secrets, proxy: proxy.url, imports });
  return async () => {
    await stack.remove();
    await proxy.close();
  };
};
