import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { StorageVariables } from '../../runner/storage-settings.ts';

/** The account that every Azurite has, with its published key. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  variables: StorageVariables;
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL('../../node_modules/azurite/dist/src/blob/main.js', import.meta.url));

/** Microsoft's emulator of Azure's blobs, in memory, on a port of its own. */
export const startAzurite = async (containers: readonly string[]): Promise<Azurite> => {
  const args = [main, '--blobPort', '0', '--inMemoryPersistence', '--disableTelemetry', '--skipApiVersionCheck', '--silent'];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /successfully listens on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const endpoint = await Promise.race([ready, gone.then(([code]) => Promise.reject(new Error(`Azurite ended with ${code}`)))]);
  const service = new BlobServiceClient(`${endpoint}/${account}`, new StorageSharedKeyCredential(account, key));
  for (const container of containers) await service.getContainerClient(container).create();
  return {
    variables: { NEXUS_AZURE_ACCOUNT: account, NEXUS_AZURE_KEY: key, NEXUS_AZURE_ENDPOINT: endpoint },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
};
