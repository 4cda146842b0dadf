import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../inference/service-error.ts';
import { typescriptLoader } from '../typescript-loader.ts';
import type { OnnxMessage, OnnxRequest } from './onnx-messages.ts';
import type { OnnxSettings } from './onnx-settings.ts';
import type { Ask } from './patient-embedder.ts';

/** In errors and logs. */
export const serviceName = 'the local model';

export interface OnnxModel {
  dimension: number;
  ask: Ask;
}

/** Texts on their way, and who waits for their vectors. */
interface Waiting {
  resolve: (vectors: Float32Array[]) => void;
  reject: (error: unknown) => void;
}

interface Running {
  child: ChildProcess;
  waiting: Map<number, Waiting>;
  dimension: number;
}

const packageName = '@huggingface/transformers@4';

/** Without scripts: the only one fetches libraries of graphics cards, which are not used. */
const installLine = ({ packages }: OnnxSettings): string =>
  packages === undefined ? `npm install --no-save --ignore-scripts ${packageName}` : `npm install --prefix ${packages} --ignore-scripts ${packageName}`;

const unusable = (settings: OnnxSettings, missing: boolean, cause: string): Error =>
  new Error(
    missing
      ? `NEXUS_EMBEDDER=onnx needs a package that is not installed. Run this in the runner's folder, then start again:\n  ${installLine(settings)}\n(${cause})`
      : `NEXUS_EMBEDDER=onnx cannot load NEXUS_ONNX_MODEL: ${cause}`,
  );

const answer = (waiting: Map<number, Waiting>, message: OnnxMessage): void => {
  if (message.kind !== 'vectors' && message.kind !== 'failed') return;
  const { resolve, reject } = waiting.get(message.id) ?? {};
  waiting.delete(message.id);
  if (message.kind === 'vectors') resolve?.(message.vectors);
  else reject?.(new ServiceError(serviceName, { status: 500 }, { cause: new Error(message.cause) }));
};

/** @throws Error that tells the operator what to do */
const startProcess = (settings: OnnxSettings): Promise<Running> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./onnx-process.ts', import.meta.url)), [JSON.stringify(settings)], {
      execArgv: typescriptLoader(),
      serialization: 'advanced',
      // It needs nothing of ours: no secrets, and no log to write into.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const waiting = new Map<number, Waiting>();
    child.on('message', (message: OnnxMessage) => {
      if (message.kind === 'unusable') {
        reject(unusable(settings, message.missing, message.cause));
        child.kill('SIGKILL');
      } else if (message.kind === 'loaded') {
        // It ends with the runner, and does not keep it.
        child.unref();
        child.channel?.unref();
        resolve({ child, waiting, dimension: message.dimension });
      } else answer(waiting, message);
    });
    const ended = (why: string) => {
      reject(unusable(settings, false, `its process ended (${why})`));
      for (const one of waiting.values()) one.reject(new ServiceError(serviceName, 'unreachable', { cause: new Error(why) }));
      waiting.clear();
    };
    child.on('error', (error) => ended(error.message));
    child.on('exit', (code, signal) => ended(String(signal ?? code)));
  });

/**
 * A model in a process of its own: the runtime works on the thread that calls it, for as long as a batch takes, and takes
 * its process down when memory ends. A process that has ended is started anew by the next call.
 * @throws Error that tells the operator what to do
 */
export const startOnnxModel = async (settings: OnnxSettings): Promise<OnnxModel> => {
  let running: Promise<Running> | undefined;
  const start = (): Promise<Running> => {
    const started = startProcess(settings);
    const forget = (): void => {
      if (running === started) running = undefined;
    };
    started.then(({ child }) => child.once('exit', forget), forget);
    running = started;
    return started;
  };
  const { dimension } = await start();
  let lastId = 0;

  return {
    dimension,
    async ask(texts, _use, signal) {
      signal?.throwIfAborted();
      const { child, waiting } = await (running ?? start()).catch((cause: unknown) => {
        throw new ServiceError(serviceName, 'unreachable', { cause });
      });
      const id = ++lastId;
      return new Promise<Float32Array[]>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => waiting.delete(id) && reject(signal.reason), { once: true });
        child.send({ id, texts } satisfies OnnxRequest);
      });
    },
  };
};
