import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** An OpenAI-compatible service in a thread of its own: so late, and so often failing. It counts what it has embedded. */
const { latencyMs, failureEvery, dimension } = workerData as { latencyMs: number; failureEvery: number; dimension: number };

const embedding = Buffer.from(new Float32Array(dimension).fill(0.5).buffer).toString('base64');
const times = new Map<string, number>();
let requests = 0;

const server = createServer(async (request, response) => {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  const { input } = JSON.parse(text) as { input: string[] };
  const fails = ++requests % failureEvery === 0;
  setTimeout(() => {
    if (fails) return response.writeHead(503).end();
    for (const one of input) times.set(one, (times.get(one) ?? 0) + 1);
    const data = input.map((_, index) => ({ object: 'embedding', index, embedding }));
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }));
  }, latencyMs);
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));

parentPort?.on('message', () => {
  parentPort?.postMessage([...times.values()]);
  server.closeAllConnections();
  server.close();
  parentPort?.close();
});
