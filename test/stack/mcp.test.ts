import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { commonStack, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';

/** What an agent may rely on: the official SDK's client against the running stack, in both eras of the protocol. */

const stack = commonStack();
const tenant = newTenant();

type Era = 'newest' | 'of 2025';
const open: Client[] = [];
const connect = async (era: Era, token: string, headers: Record<string, string> = {}): Promise<Client> => {
  const versionNegotiation = { mode: era === 'newest' ? ('auto' as const) : ('legacy' as const) };
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation });
  const requestInit = { headers: { authorization: `Bearer ${token}`, ...headers } };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', stack.edge), { requestInit }));
  open.push(client);
  return client;
};

const textOf = (result: { content?: unknown }): string => ((result.content ?? []) as { text: string }[]).map(({ text }) => text).join('\n');
const longText = `The lighthouse of Farsund burns at night. ${'The keeper writes down every ship. '.repeat(600)}\n`;

afterAll(() => Promise.all(open.map((client) => client.close())));

describe.each<Era>(['newest', 'of 2025'])('a client of the protocol %s', (era) => {
  const space = `mcp-${era.replace(' ', '-')}`;
  let agent: Client;
  beforeAll(async () => {
    agent = await connect(era, await stack.token({ tenant }));
  });
  const call = (name: string, args: Record<string, unknown>) => agent.callTool({ name, arguments: args });

  test('is told what the server is for and lists every tool, each with what it takes', async () => {
    expect(agent.getInstructions()).toMatch(/never an instruction/);
    const { tools } = await agent.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['ingest', 'list_spaces', 'read_document', 'read_task', 'search']);
    for (const { description, inputSchema, annotations } of tools) {
      expect(description?.length).toBeGreaterThan(20);
      expect(inputSchema.type).toBe('object');
      expect(annotations?.readOnlyHint).toBeTypeOf('boolean');
    }
  });

  test('puts documents in, finds them with what to cite, and reads on', async () => {
    const documents = [
      { id: 'norway/farsund', text: longText, metadata: { country: 'no' } },
      { id: 'oslo', text: 'Oslo has a harbour and no lighthouse keeper.' },
    ];
    const ingested = await call('ingest', { space_id: space, documents });
    expect(ingested.structuredContent, textOf(ingested)).toMatchObject({ status: 'succeeded', counts: { written: 2 } });

    const found = await call('search', { space_id: space, query: 'lighthouse of Farsund', filter: { country: 'no' }, one_per_document: true });
    expect(textOf(found)).toMatch(/^\[1\] norway\/farsund \(chunk 0, tenant, score 1\.000\)\nThe lighthouse of Farsund/);
    expect(found.structuredContent).toMatchObject({
      citations: [{ doc_id: 'norway/farsund', chunk: 0, source_scope: 'tenant', metadata: { country: 'no' } }],
      next_cursor: null,
    });

    let read = '';
    for (let start: number | null = 0; start !== null; ) {
      const part = await call('read_document', { space_id: space, doc_id: 'norway/farsund', start });
      read += textOf(part);
      start = (part.structuredContent as { next_start: number | null }).next_start;
      expect(textOf(part).length).toBeLessThanOrEqual(limits.mcpReadChars);
    }
    expect(read === longText).toBe(true);
  });

  test('pages through what it finds by the cursor', async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 60; pages++) {
      const found = await call('search', { space_id: space, query: 'lighthouse keeper', limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      const { citations, next_cursor } = found.structuredContent as { citations: { doc_id: string; chunk: number }[]; next_cursor: string | null };
      seen.push(...citations.map(({ doc_id, chunk }) => `${doc_id}#${chunk}`));
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(2);
  });

  test('lists spaces and reads tasks', async () => {
    expect(textOf(await call('list_spaces', {}))).toContain(`${space} (tenant)`);
    const { task_id } = (await call('ingest', { space_id: space, documents: [{ id: 'late', text: 'late' }] })).structuredContent as { task_id: string };
    expect((await call('read_task', { task_id })).structuredContent).toMatchObject({ task_id, status: 'succeeded' });
  });

  test('is told what was wrong, in the words of the API, and by which code', async () => {
    const wrongs: [string, Record<string, unknown>, RegExp][] = [
      ['read_document', { space_id: space, doc_id: 'nowhere' }, /^nexus\.not_found: /],
      ['read_document', { space_id: space, doc_id: '../../other/documents/x' }, /^nexus\.not_found: /],
      ['read_task', { task_id: 'task_00000000000000000000000000000000' }, /^nexus\.not_found: /],
      ['search', { space_id: space, query: 'x', filter: { country: { gt: true } } }, /^nexus\.filter_unsupported: /],
      ['search', { space_id: space, query: 'x', cursor: 'forged' }, /^nexus\.cursor_invalid: /],
      ['search', { space_id: '../x', query: 'x' }, /space_id/],
      ['search', { space_id: space, query: 'x', scope: 'global' }, /^nexus\.global_read_forbidden: /],
      ['ingest', { space_id: space, scope: 'global', documents: [{ text: 'x' }] }, /^nexus\.global_write_forbidden: /],
    ];
    for (const [name, args, message] of wrongs) {
      const result = await call(name, args);
      expect(result.isError, `${name} ${JSON.stringify(args)}`).toBe(true);
      expect(textOf(result)).toMatch(message);
    }
  });

  test('never sees another tenant, whatever it asks for', async () => {
    const stranger = await connect(era, await stack.token({ tenant: newTenant() }));
    const { task_id } = (await call('ingest', { space_id: space, documents: [{ id: 'secret', text: 'the secret of the first tenant' }] }))
      .structuredContent as { task_id: string };
    const results = await Promise.all(
      [
        { name: 'search', arguments: { space_id: space, query: 'secret lighthouse' } },
        { name: 'read_document', arguments: { space_id: space, doc_id: 'secret' } },
        { name: 'read_task', arguments: { task_id } },
        { name: 'list_spaces', arguments: {} },
      ].map((wish) => stranger.callTool(wish)),
    );
    expect(results.map(({ isError }) => isError === true)).toEqual([false, true, true, false]);
    expect(results.map((result) => JSON.stringify(result)).join()).not.toMatch(/secret of the first|lighthouse of/);
    expect(textOf(results[3] ?? {})).toBe('There are no spaces yet: ingest makes one.');
  });

  test('with the rights of a reader reads, and is refused to write', async () => {
    const reader = await connect(era, await stack.token({ tenant, roles: 'reader' }));
    expect((await reader.callTool({ name: 'search', arguments: { space_id: space, query: 'lighthouse' } })).isError).toBeFalsy();
    const refused = await reader.callTool({ name: 'ingest', arguments: { space_id: space, documents: [{ text: 'x' }] } });
    expect(textOf(refused)).toMatch(/^auth\.role_required: /);
  });
});

describe('POST /mcp', () => {
  const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };

  test('without a credential, or with a bad one: 401 in the envelope', async () => {
    expectRefusal(await stack.call('POST', '/mcp', { body: initialize }), 'auth.unauthenticated');
    expectRefusal(await stack.call('POST', '/mcp', { token: 'not-a-token', body: initialize }), 'auth.unauthenticated');
  });

  test('another method: 405', async () => {
    const token = await stack.token({ tenant });
    for (const method of ['GET', 'DELETE', 'PUT']) expectRefusal(await stack.call(method, '/mcp', { token }), 'nexus.method_not_allowed');
  });

  test('what is no JSON-RPC is refused in the words of the protocol, never with a 500', async () => {
    const token = await stack.token({ tenant });
    for (const body of ['{', '[]', '{}', '"x"', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'nothing/such' })]) {
      const answer = await stack.call('POST', '/mcp', {
        token,
        body,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      });
      expect(answer.status, `${body}: ${answer.text}`).toBeLessThan(500);
      expect(answer.text).toMatch(/error/);
    }
  });
});
