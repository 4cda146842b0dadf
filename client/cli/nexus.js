#!/usr/bin/env node
// Plain JavaScript, so that any Node that npm runs on can begin here; the rest is TypeScript, loaded through tsx.
import { register } from 'tsx/esm/api';

register({ tsconfig: false });
const { main } = await import('./main.ts');
await main();
