import type { ErrorCode } from '../errors.ts';

/** What is there beside the table of endpoints: for agents, for probes, and this description itself. */
export interface OtherOperation {
  id: string;
  method: 'get' | 'post';
  path: string;
  summary: string;
  isPublic: boolean;
  body?: { schema: Record<string, unknown>; example: Record<string, unknown> };
  /** Media types that it has to be asked for. */
  accept?: string;
  response: Record<string, unknown>;
  codes: readonly ErrorCode[];
}

const text = { type: 'string' };
const rpc = { jsonrpc: { const: '2.0' }, id: { type: ['string', 'number'] } };

export const otherOperations: readonly OtherOperation[] = [
  {
    id: 'mcp',
    method: 'post',
    path: '/mcp',
    summary: 'The same for agents: the Model Context Protocol over Streamable HTTP, without sessions. `tools/list` says what there is',
    isPublic: false,
    body: {
      schema: { type: 'object', properties: { ...rpc, method: text, params: { type: 'object' } }, required: ['jsonrpc', 'method'] },
      example: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    },
    accept: 'application/json, text/event-stream',
    response: { type: 'object', properties: { ...rpc, result: { type: 'object' }, error: { type: 'object' } } },
    codes: ['auth.unauthenticated', 'nexus.method_not_allowed', 'nexus.internal'],
  },
  {
    id: 'health',
    method: 'get',
    path: '/health',
    summary: 'Whether the edge is alive',
    isPublic: true,
    response: { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] },
    codes: ['nexus.method_not_allowed'],
  },
  {
    id: 'ready',
    method: 'get',
    path: '/ready',
    summary: 'Whether requests can be answered: there are routes, and runners behind them',
    isPublic: true,
    response: { type: 'object', properties: { status: { const: 'ready' } }, required: ['status'] },
    codes: ['nexus.method_not_allowed', 'nexus.upstream_unavailable'],
  },
  {
    id: 'openapi',
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    isPublic: true,
    response: { type: 'object' },
    codes: ['nexus.method_not_allowed'],
  },
];
