import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Served, serveJson } from './served.ts';

/** One request as the service saw it. */
export interface Asked {
  path: string;
  headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: a stub reads what tests send it
  body: any;
  texts: string[];
}

/** Ways to misbehave. `cut`: the connection ends in the middle; `short` and `long`: a vector too few, too many. */
export type Fault =
  | { status: number; body?: unknown; retryAfter?: string }
  | 'reset'
  | 'cut'
  | 'hang'
  | 'html'
  | 'not-json'
  | 'other-shape'
  | 'short'
  | 'long'
  | 'shuffled'
  | 'same-index'
  | 'wrong-dimension'
  | 'not-a-number'
  | 'zero'
  | 'huge-numbers';

export const dimension = 8;

/** The vector of a text: a pure function of it, of any length but 1. */
export const vectorOf = (text: string): number[] => {
  const numbers = Array.from({ length: dimension }, (_, i) => ((i + 1) % 3) + 0.25);
  for (let i = 0; i < text.length; i++) numbers[i % dimension] = ((numbers[i % dimension] ?? 0) * 31 + text.charCodeAt(i)) % 97;
  return numbers.map((x) => x + 0.5);
};

export const unitVectorOf = (text: string): Float32Array => {
  const numbers = vectorOf(text);
  return Float32Array.from(numbers, (x) => x / Math.hypot(...numbers));
};

const faulty = (vectors: unknown[][], fault: Fault | undefined): unknown[][] => {
  const [first = [], ...rest] = vectors;
  if (fault === 'short') return rest;
  if (fault === 'long') return [...vectors, first];
  if (fault === 'wrong-dimension') return vectors.map((vector) => vector.slice(1));
  if (fault === 'not-a-number') return [first.map((x, i) => (i === 3 ? null : x)), ...rest];
  if (fault === 'zero') return [first.map(() => 0), ...rest];
  if (fault === 'huge-numbers') return [first.map(() => 1e308), ...rest];
  return vectors;
};

const base64 = (vector: readonly unknown[]): string =>
  Buffer.from(Float32Array.from(vector, (x) => (typeof x === 'number' ? x : Number.NaN)).buffer as ArrayBuffer).toString('base64');

/** Each protocol as the vendor documents it: texts of a request, answer to their vectors. */
const protocols = [
  {
    path: /\/embeddings$/,
    texts: (body: Asked['body']) => body.input,
    answer(vectors: unknown[][], body: Asked['body'], fault: Fault | undefined) {
      const data = vectors.map((vector, index) => ({
        object: 'embedding',
        index: fault === 'same-index' ? 0 : index,
        embedding: body.encoding_format === 'base64' ? base64(vector) : vector,
      }));
      return { object: 'list', model: body.model, data: fault === 'shuffled' ? data.reverse() : data, usage: { prompt_tokens: 1, total_tokens: 1 } };
    },
  },
  {
    path: /\/v2\/embed$/,
    texts: (body: Asked['body']) => body.texts,
    answer: (vectors: unknown[][]) => ({ id: 'x', embeddings: { float: vectors }, texts: [], meta: { api_version: { version: '2' } } }),
  },
  {
    path: /:predict$/,
    texts: (body: Asked['body']) => body.instances.map(({ content }: { content: string }) => content),
    answer: (vectors: unknown[][]) => ({
      predictions: vectors.map((values) => ({ embeddings: { values, statistics: { truncated: false, token_count: 1 } } })),
    }),
  },
  {
    path: /\/ai\/run\//,
    texts: (body: Asked['body']) => body.text,
    answer: (vectors: unknown[][]) => ({ result: { shape: [vectors.length, dimension], data: vectors }, success: true, errors: [], messages: [] }),
  },
];

export interface ModelService extends Served {
  asked: Asked[];
}

const misbehave = async (response: ServerResponse, fault: Fault, stopping: AbortSignal): Promise<boolean> => {
  if (typeof fault === 'object') {
    const headers = { 'content-type': 'application/json', ...(fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }) };
    response.writeHead(fault.status, headers).end(JSON.stringify(fault.body ?? { error: { message: 'no', type: 'some_error' } }));
    return true;
  }
  if (fault === 'reset') response.destroy();
  else if (fault === 'cut')
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 }).write('{"data": [', () => response.destroy());
  else if (fault === 'hang') await sleep(60_000, undefined, { signal: stopping }).catch(() => undefined);
  else if (fault === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>');
  else if (fault === 'not-json') response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": [{"embedding": [NaN]}]}');
  else if (fault === 'other-shape') response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": true}');
  else return false;
  return true;
};

/**
 * A server that speaks the protocols of the embedding services, and misbehaves as it is told.
 * @param faultOf for each request, by what it asks and its number
 */
export const startModelService = async (
  faultOf: (asked: Asked, index: number) => Fault | undefined = () => undefined,
  latencyMs = 0,
): Promise<ModelService> => {
  const asked: Asked[] = [];
  const served = await serveJson(async ({ request, body, stopping }, response) => {
    const path = request.url ?? '';
    const protocol = protocols.find((known) => known.path.test(path));
    if (protocol === undefined) return response.writeHead(404).end();
    const one: Asked = { path, headers: request.headers, body, texts: protocol.texts(body) };
    const fault = faultOf(one, asked.push(one) - 1);
    if (latencyMs > 0) await sleep(latencyMs);
    if (fault !== undefined && (await misbehave(response, fault, stopping))) return;
    const vectors = faulty(one.texts.map(vectorOf), fault);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(protocol.answer(vectors, body, fault)));
  });
  return { ...served, asked };
};
