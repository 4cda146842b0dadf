import fc from 'fast-check';
import { broken } from './broken.ts';

/** A request to what is no endpoint of the API: the public paths, the doors of the spine, an agent's tools, and nothing at all. */
export interface OtherRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array | undefined;
}

const encoder = new TextEncoder();
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'] as const;
const publicPaths = ['/', '/health', '/ready', '/metrics', '/openapi.json', '/docs', '/nexus', '/nexus/', '/nope', '//', '/worker/events', '/worker/sweep'];
const bodies = fc.option(
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map((text) => encoder.encode(text)),
  ),
  { nil: undefined },
);
const contentTypes = fc.constantFrom('application/json', 'text/plain', 'x');

const ofPaths = fc.record({
  method: fc.constantFrom(...methods),
  path: fc.oneof(
    fc.constantFrom(...publicPaths),
    fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => `/${encodeURIComponent(text)}`),
  ),
  headers: fc.record({ 'content-type': contentTypes, accept: fc.constantFrom('*/*', 'text/html', 'x') }),
  body: bodies,
});

/** JSON-RPC 2.0 as the Model Context Protocol uses it. */
const calls = fc.oneof(
  fc.record({
    name: fc.constantFrom('search', 'read_document', 'list_spaces', 'read_task', 'no_such_tool'),
    arguments: fc.oneof(
      fc.record({ space_id: fc.constantFrom('s1', 's2', '../x'), query: fc.string({ maxLength: 20 }), limit: fc.integer({ min: -1, max: 30 }) }),
      fc.record({ space_id: fc.constantFrom('s1', 'no'), doc_id: fc.constantFrom('d1', 'd2', '') }),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  }),
  fc.jsonValue({ maxDepth: 2 }),
);
const message = fc.record({
  jsonrpc: fc.constant('2.0'),
  id: fc.oneof(fc.nat(), fc.string({ maxLength: 5 })),
  method: fc.constantFrom('tools/call', 'tools/call', 'tools/list', 'initialize', 'ping', 'no/such'),
  params: calls,
});
const ofAgents = fc.record({
  method: fc.oneof({ weight: 9, arbitrary: fc.constant('POST') }, fc.constantFrom(...methods)),
  path: fc.constant('/mcp'),
  headers: fc.record({
    'content-type': fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, contentTypes),
    accept: fc.oneof({ weight: 9, arbitrary: fc.constant('application/json, text/event-stream') }, fc.constant('x')),
  }),
  body: fc.oneof(
    { weight: 3, arbitrary: message.map((value) => encoder.encode(JSON.stringify(value))) },
    broken(message).map((value) => encoder.encode(JSON.stringify(value) ?? '')),
    fc.uint8Array({ maxLength: 60 }),
  ),
});

export const fuzzedOther: fc.Arbitrary<OtherRequest> = fc.oneof(ofPaths, ofAgents);
