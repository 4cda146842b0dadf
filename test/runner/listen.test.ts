import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { type RunningRunner, startRunner } from './running-runner.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

/** Sends bytes as they are and reads until the runner closes. */
const sendRaw = async (bytes: string): Promise<string> => {
  const { hostname, port } = new URL(runner.origin);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
};
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

test('what is not HTTP is refused in the one envelope', async () => {
  const answer = await sendRaw('MAY I COME IN?\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(bodyOf(answer).error).toMatchObject({ code: 'nexus.malformed_json', http_status: 400, retryable: false });
});

test('headers beyond the limit are refused in the one envelope', async () => {
  const answer = await sendRaw(`GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(limits.headerBytes)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(bodyOf(answer).error).toMatchObject({ code: 'nexus.payload_too_large' });
});

test('the longest cursor that there can be fits into a query string', async () => {
  const { status, body } = await runner.call('GET', `/nexus/spaces/s/documents?cursor=${'c'.repeat(limits.cursorBytes)}`);
  expect([status, body.error.code]).toEqual([410, 'nexus.cursor_invalid']);
});
