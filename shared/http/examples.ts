/**
 * What a request to each endpoint may look like, for people and for tools that try an API out: the description gives them, the
 * page of the API shows them, and a test sends every one of them.
 */

/** Path parameters. A task's id is not known beforehand. */
export const parameterExamples: Record<string, string> = { space_id: 'docs', doc_id: 'returns', name: 'prices.txt' };

/** JSON bodies, by the endpoint's id. */
export const bodyExamples: Record<string, Record<string, unknown>> = {
  putSpace: { language: 'en' },
  ingest: { documents: [{ id: 'returns', text: 'Returns are free within 30 days.', metadata: { year: 2026 } }] },
  query: { query: 'can I return it for free?', limit: 3, filter: { year: { gte: 2025 } } },
  hazeSearch: { query: 'can I return it for free?', limit: 3 },
  deleteDocuments: { doc_ids: ['returns'] },
  kpi: {
    metrics: [
      {
        metric: 'visits',
        unit: 'visits',
        good: 'up',
        measurements: [
          { at: '2026-01-01', value: 120 },
          { at: '2026-01-02', value: 150 },
        ],
      },
    ],
  },
};
