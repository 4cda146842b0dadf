import type { JsonSchema } from './open-api.ts';

/** A body that works as it stands, for each operation that takes one. */
export const examples: Record<string, unknown> = {
  ingest: { documents: [{ id: 'returns', text: 'Returns are free within 30 days.', metadata: { year: 2026 } }] },
  query: { query: 'can I return it for free?', limit: 3 },
  hazeSearch: { query: 'can I return it for free?', limit: 3 },
  putSpace: { language: 'en' },
  deleteDocuments: { doc_ids: ['returns'] },
  kpi: { metrics: [{ metric: 'visits', measurements: [{ timestamp: '2026-01-01T00:00:00Z', value: 120 }] }] },
};

/** For an operation that has none yet: its fields, empty. */
export const exampleOf = (operationId: string, schema: JsonSchema): unknown =>
  examples[operationId] ?? Object.fromEntries(Object.keys(schema.properties ?? {}).map((name) => [name, null]));
