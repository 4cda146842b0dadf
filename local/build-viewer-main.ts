import { fileURLToPath } from 'node:url';
import { buildViewer } from './build-viewer.ts';

/** `npm run build:ui`: before a deployment. `npm start` does it by itself. */
await buildViewer(fileURLToPath(new URL('..', import.meta.url)), (line) => process.stderr.write(`${line}\n`));
