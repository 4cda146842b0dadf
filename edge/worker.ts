import { Hono } from 'hono';
import { version } from '../package.json';
import { newId } from '../shared/ids.ts';
import { answerErrors, type EdgeEnv, stampAnswers } from './answers.ts';
import { parseBindings } from './bindings.ts';
import { createEdge } from './create-edge.ts';
import type { Log, Outgoing } from './edge-deps.ts';

type Answer = (request: Request) => Response | Promise<Response>;

const log: Log = (entry) => console[entry.level](JSON.stringify(entry));
const newRequestId = (): string => newId('request', Date.now());

const after = (delayMs: number, fire: () => void): (() => void) => {
  const timer = setTimeout(fire, delayMs);
  return () => clearTimeout(timer);
};

/** Half a configuration serves nobody: every request gets the same 500, and the log names every bad variable. */
const refuseAll = (): Answer => {
  const app = new Hono<EdgeEnv>();
  app.use(stampAnswers({ newRequestId }));
  app.onError(answerErrors({ log }));
  app.all('*', () => {
    throw new Error('the configuration is bad');
  });
  return (request) => app.fetch(request);
};

const start = (env: object): Answer => {
  const parsed = parseBindings(env);
  if ('problems' in parsed) {
    log({ level: 'error', event: 'bad_configuration', variables: parsed.problems });
    return refuseAll();
  }
  const edge = createEdge({
    bindings: parsed.bindings,
    version,
    fetch: (url: string, outgoing: Outgoing) => fetch(url, outgoing),
    now: Date.now,
    newRequestId,
    after,
    log,
  });
  return (request) => edge.fetch(request);
};

/** The isolate's entry. Workers hand the same `env` to every request, so bindings are parsed once. */
const createWorker = () => {
  const started = new WeakMap<object, Answer>();
  return {
    fetch(request: Request, env: object): Response | Promise<Response> {
      const answer = started.get(env) ?? start(env);
      started.set(env, answer);
      return answer(request);
    },
  };
};

export default createWorker();
