import type { Endpoint } from '../../shared/http/endpoints.ts';

/** A good body for every endpoint that takes JSON. */
const jsonBodies: Record<string, Record<string, unknown>> = {
  ingest: { documents: [{ id: 'd1', text: 'hello' }] },
  query: { query: 'hello' },
  hazeSearch: { query: 'hello' },
  putSpace: { metric: 'cosine' },
  deleteDocuments: { doc_ids: ['d1'] },
  kpi: { metrics: [{ metric: 'cpc', measurements: [{ at: '2026-01-31', value: 1.5 }] }] },
};

const params: Record<string, string> = { space_id: 's1', task_id: 'task_01', doc_id: 'folder/d%201', name: 'folder/a.txt' };

export const pathOf = (endpoint: Endpoint, changed: Record<string, string> = {}): string =>
  endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ({ ...params, ...changed })[name] ?? `{${name}}`);

export interface Sample {
  path: string;
  init: { method: string; headers: Record<string, string>; body?: string };
}

/** A request that the edge forwards. */
export const sampleOf = (endpoint: Endpoint, headers: Record<string, string>): Sample => {
  const path = pathOf(endpoint);
  const { method, body } = endpoint;
  if (body === undefined) return { path, init: { method, headers } };
  if (body.kind === 'stream') return { path, init: { method, headers, body: 'bytes of a file' } };
  const json = jsonBodies[endpoint.id];
  if (json === undefined) throw new Error(`no sample body for ${endpoint.id}`);
  return { path, init: { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(json) } };
};

export const sampleJson = (endpoint: Endpoint): Record<string, unknown> => jsonBodies[endpoint.id] ?? {};
