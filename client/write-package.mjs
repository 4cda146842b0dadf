// Writes the package file of the client alone: what it is, and nothing of what the store needs to run. Plain JavaScript: part of a build.
import { readFile, writeFile } from 'node:fs/promises';

const root = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const inside = (path) => path.replace('./dist/', './');
const exportsOf = Object.entries(root.exports).filter(([, target]) => typeof target === 'object');
const { name, version, description, type, peerDependencies, peerDependenciesMeta } = root;
const client = {
  ...{ name, version, description: `${description}: its client`, type },
  // The oldest Node that the client is run on.
  engines: { node: '>=20' },
  exports: Object.fromEntries(exportsOf.map(([entry, { types, default: code }]) => [entry, { types: inside(types), default: inside(code) }])),
  // For types alone: they come from the store's own schemas.
  dependencies: { zod: root.dependencies.zod },
  peerDependencies,
  peerDependenciesMeta,
};
await writeFile(new URL('../dist/package.json', import.meta.url), `${JSON.stringify(client, null, 2)}\n`);
