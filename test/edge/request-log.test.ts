import { describe, expect, test, vi } from 'vitest';
import { startEdge } from './edge-under-test.ts';
import { bearerWith } from './tokens.ts';

/** One line for each request: who, what, how long; never what it said. */

const traceId = '0af7651916cd43dd8448eb211c80319c';
const refusal = () =>
  Response.json({ error: { code: 'nexus.overloaded', message: 'Too much at once.', http_status: 503, request_id: 'r', retryable: true } }, { status: 503 });

const query = async (edge: ReturnType<typeof startEdge>, headers: Record<string, string> = {}) =>
  edge.request('/nexus/spaces/s1/query', {
    method: 'POST',
    headers: { ...(await bearerWith()), 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: 'a secret question' }),
  });

describe('the line of a request', () => {
  test('names request, trace, caller, space, runner and times', async () => {
    const clock = { ms: Date.parse('2026-11-20T12:00:00Z') };
    const edge = startEdge({
      now: () => clock.ms,
      runner() {
        clock.ms += 12;
        return Response.json({});
      },
    });
    await query(edge, { 'x-request-id': 'mine-1', traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    expect(edge.told).toEqual([
      {
        ...{ level: 'info', event: 'request', request_id: 'mine-1', trace_id: traceId, endpoint: 'query', method: 'POST', status: 200 },
        ...{ tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', space_id: 's1' },
        ...{ runner: 'http://runner-1.test', runner_ms: 12, duration_ms: 12 },
      },
    ]);
  });

  test('has the trace that the runner was given, also when the edge began it', async () => {
    const edge = startEdge();
    await query(edge);
    const [asked] = edge.asked;
    expect(edge.told[0]?.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(asked?.headers.get('traceparent')?.split('-')[1]).toBe(edge.told[0]?.trace_id);
  });

  test('holds nothing of body, query string, path, or credential', async () => {
    const edge = startEdge();
    const { authorization = '' } = await bearerWith();
    await query(edge);
    await edge.request('/nexus/spaces/s1/documents/a%20secret%20name?filter=%7B%22a%22%3A%22secret%22%7D', { headers: { authorization } });
    expect(edge.told).toHaveLength(2);
    expect(JSON.stringify(edge.told)).not.toMatch(/secret/);
    expect(JSON.stringify(edge.told)).not.toContain(authorization.slice(-20));
  });

  test.each([
    ['the runner’s', refusal, 503, 'nexus.overloaded'],
    ['the edge’s about the runner', () => new Response('<h1>', { headers: { 'content-type': 'text/html' } }), 502, 'nexus.upstream_invalid'],
  ])('has the code of a refusal: %s', async (_, runner, status, code) => {
    const edge = startEdge({ runner });
    await query(edge);
    expect(edge.told).toMatchObject([{ status, code, tenant_id: 't_a', runner: 'http://runner-1.test' }]);
  });

  test('is there for who was refused at the edge, as far as he is known', async () => {
    const edge = startEdge();
    await edge.request('/nexus/spaces/s1');
    await edge.request('/nexus/spaces/s1', { method: 'PATCH' });
    await edge.request('/no/such/path');
    expect(edge.told).toMatchObject([
      { endpoint: 'getSpace', status: 401, code: 'auth.unauthenticated' },
      { endpoint: 'unknown', status: 405, code: 'nexus.method_not_allowed' },
      { endpoint: 'unknown', status: 404, code: 'nexus.not_found' },
    ]);
    for (const line of edge.told) expect(line).not.toHaveProperty('tenant_id');
  });

  test('is left out for probes and pages', async () => {
    const edge = startEdge();
    for (const path of ['/health', '/ready', '/openapi.json']) await edge.request(path);
    expect(edge.told).toEqual([]);
  });
});

test('a call of an agent is told of with the calls that it makes, all in one trace, and nothing else is written', async () => {
  const written = vi.spyOn(console, 'warn');
  const edge = startEdge({ runner: () => Response.json({ spaces: [], next_cursor: null }) });
  for (let turn = 0; turn < 2; turn++) {
    const answer = await edge.request('/mcp', {
      method: 'POST',
      headers: { ...(await bearerWith()), 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_spaces', arguments: {} } }),
    });
    expect(await answer.text()).toContain('result');
    const lines = edge.told.splice(0);
    expect(lines.map(({ endpoint, status }) => `${endpoint} ${status}`).sort()).toEqual(['listSpaces 200', 'mcp 200']);
    expect(lines[0]?.trace_id).toBe(lines[1]?.trace_id);
    expect(lines[0]?.request_id).toBe(lines[1]?.request_id);
  }
  // The library warns of its mode once, when the edge begins.
  expect(written.mock.calls.length).toBeLessThan(2);
  written.mockRestore();
});
