import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder in whose `node_modules` Transformers.js lies. */
    onnxPackages: string;
  }
}

/** The version that is tested; the line is the one that the runner names. */
const installed = '@huggingface/transformers@4.3.1';

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-onnx-packages-'));
  const end = () => rm(folder, { recursive: true, force: true });
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', installed];
  await promisify(execFile)('npm', args, { cwd: folder }).catch(async (cause: unknown) => {
    await end();
    throw new Error(`${installed} cannot be installed here, so that local models cannot be tested`, { cause });
  });
  project.provide('onnxPackages', folder);
  return end;
};
