import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test's runners: one store root and one blob root for all of them, a data folder for each. */
export interface SharedRoots {
  store: string;
  blobs: string;
  /** Inline registry. */
  routes: string;
  /** Where the stores answer that the roots lie on. */
  env: Record<string, string>;
  dataOf(name: string): string;
  remove(): void;
}

export const sharedRoots = (): SharedRoots => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-converge-'));
  const store = join(folder, 'store');
  const blobs = join(folder, 'blobs');
  const routes = JSON.stringify({
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: store },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: blobs },
    ],
  });
  return { store, blobs, routes, env: {}, dataOf: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
};
