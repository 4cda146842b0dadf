import type { RunnerProcess } from './runner-process.ts';
import { seeded } from './vectors.ts';

/** What one step asked, and the answer's status; 0: none came. */
export interface Step {
  kind: string;
  status: number;
}

const tenants = ['t_soak_a', 't_soak_b', 't_soak_c', 't_soak_d'];
const spaces = ['notes', 'manuals', 'cases'];
/** Documents replace each other under so many ids: what a space holds stays as large as it is. */
const idsOfSpace = 400;
const documentsAtOnce = 5;

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

/**
 * Callers of several tenants who ask, page, write, replace, delete and look at maps, chosen by chance that is the same in
 * every run.
 * @returns one step, with a choice of its own; and what fills the spaces before the first
 */
export const soakTraffic = (runner: RunnerProcess) => {
  const next = seeded(7);
  const below = (count: number): number => Math.floor(next() * count);
  const oneOf = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  // Few words are frequent and most are rare, as in any language.
  const words = (count: number): string => Array.from({ length: count }, () => `w${Math.floor(4_000 * next() ** 3).toString(36)}x`).join(' ');

  const document = (id: number): object => {
    const metadata = { kind: oneOf(['a', 'b', 'c']), pick: below(1_000) };
    if (below(20) > 0) return { id: `d${id}`, text: words(60 + below(400)), metadata };
    const html = `<h1>${words(3)}</h1><p>${words(200)}</p>`;
    return { id: `d${id}`, content: { media_type: 'text/html', data_base64: Buffer.from(html).toString('base64') }, metadata };
  };
  const anyDocuments = (): object[] => {
    const from = below(idsOfSpace);
    return Array.from({ length: 1 + below(documentsAtOnce) }, (_, index) => document((from + index) % idsOfSpace));
  };

  const call = async (tenant: string, method: string, path: string, body?: object) =>
    runner.call(method, path, body === undefined ? undefined : encode(body), tenant);

  /** Each kind of step and how often it is chosen, of all weights together. */
  const steps: [kind: string, weight: number, step: (tenant: string, space: string) => Promise<{ status: number }>][] = [
    ['query', 45, (tenant, space) => call(tenant, 'POST', `${space}/query`, { query: words(3), limit: 10 })],
    ['filtered query', 8, (tenant, space) => call(tenant, 'POST', `${space}/query`, { query: words(2), filter: { pick: { lt: 500 } } })],
    [
      'second page',
      8,
      async (tenant, space) => {
        const request = { query: words(2), limit: 5 };
        const first = await call(tenant, 'POST', `${space}/query`, request);
        if (first.status !== 200 || first.body.next_cursor === null) return first;
        return call(tenant, 'POST', `${space}/query`, { ...request, cursor: first.body.next_cursor });
      },
    ],
    ['ingest', 14, (tenant, space) => call(tenant, 'POST', `${space}/ingest`, { documents: anyDocuments() })],
    ['delete of a document', 4, (tenant, space) => call(tenant, 'DELETE', `${space}/documents/d${below(idsOfSpace)}`)],
    ['delete by filter', 1, (tenant, space) => call(tenant, 'POST', `${space}/documents/delete`, { filter: { pick: { eq: below(1_000) } } })],
    ['list of documents', 6, (tenant, space) => call(tenant, 'GET', `${space}/documents?limit=20`)],
    ['description', 3, (tenant, space) => call(tenant, 'GET', space)],
    ['list of spaces', 3, (tenant) => call(tenant, 'GET', '/nexus/spaces')],
    ['list of tasks', 2, (tenant) => call(tenant, 'GET', '/nexus/tasks?limit=10')],
    ['map', 3, (tenant, space) => call(tenant, 'GET', `${space}/haze/points`)],
    ['query on the map', 2, (tenant, space) => call(tenant, 'POST', `${space}/haze/points`, { query: words(3) })],
    ['drawing of a map', 0.1, (tenant, space) => call(tenant, 'POST', `${space}/haze/snapshot`)],
    ['delete of a space', 0.02, (tenant, space) => call(tenant, 'DELETE', space)],
  ];
  const all = steps.reduce((sum, [, weight]) => sum + weight, 0);
  const chosen = (): (typeof steps)[number] => {
    let left = next() * all;
    for (const step of steps) {
      left -= step[1];
      if (left < 0) return step;
    }
    return steps[0] as (typeof steps)[number];
  };

  return {
    async fill(): Promise<void> {
      for (const tenant of tenants)
        for (const space of spaces) {
          const path = `/nexus/spaces/${space}`;
          const documents = Array.from({ length: idsOfSpace }, (_, id) => document(id));
          await runner.task((await call(tenant, 'POST', `${path}/ingest`, { documents })).body.task_id, tenant);
          await runner.task((await call(tenant, 'POST', `${path}/haze/snapshot`)).body.task_id, tenant);
        }
    },
    async step(): Promise<Step> {
      const [kind, , step] = chosen();
      const { status } = await step(oneOf(tenants), `/nexus/spaces/${oneOf(spaces)}`).catch(() => ({ status: 0 }));
      return { kind, status };
    },
  };
};
