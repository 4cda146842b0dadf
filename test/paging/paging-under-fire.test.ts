import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { scaled } from '../scale.ts';
import { anyVector, filterCases, words } from './collection.ts';
import { byDistance, firstDifference, grouped, largeQuery } from './expected.ts';
import { type Random, random } from './random.ts';
import { type StoredRow, type StoredVersions, storedVersions } from './stored-version.ts';
import { nameOf, walk } from './walk.ts';
import { walkDocuments } from './walk-documents.ts';
import { fill, idsOf, openFire, type Population, writer } from './writers.ts';

const populations: readonly Population[] = [
  { space: 'given', feed: 'given', ids: { tenant: idsOf('t', 230), global: idsOf('g', 60) } },
  { space: 'embedded', feed: 'embedded', ids: { tenant: idsOf('t', 90), global: idsOf('g', 30) } },
];
const walks = scaled(100);
const walkers = 3;
const seed = Number(process.env.NEXUS_TEST_SEED ?? 20_261_123);

let runner: RunningRunner;
let stored: StoredVersions;
beforeAll(async () => {
  runner = await startRunner();
  stored = storedVersions(runner);
  await runner.call('PUT', '/nexus/spaces/given', { metric: 'l2' });
  await runner.call('PUT', '/nexus/spaces/given?scope=global', { metric: 'l2' }, { context: writer });
  for (const population of populations) await fill(runner, random(seed), population);
}, 60_000);
afterAll(() => runner.stop());

type Mode = 'vector' | 'text' | 'hybrid';

const anyRequest = (random: Random, { feed }: Population) => {
  const mode = random.pick<Mode>(['vector', 'text', 'hybrid']);
  const filterCase = random.chance(0.4) ? random.pick(filterCases) : undefined;
  const query = `${random.pick(words)} ${random.pick(words)}`;
  return {
    mode,
    filterCase,
    query,
    request: {
      mode,
      limit: random.chance(0.3) ? random.whole(1, 15) : random.whole(1, 100),
      select: [],
      ...(mode === 'vector' && feed === 'given' ? {} : { query }),
      ...(mode !== 'text' && feed === 'given' ? { vector: anyVector(random) } : {}),
      ...(filterCase === undefined ? {} : { filter: filterCase.filter }),
      ...(random.chance(0.6) ? { include_global: true } : {}),
      ...(random.chance(0.2) ? { group_by: 'doc_id' } : {}),
    } as Record<string, unknown> & { limit: number; vector?: number[] },
  };
};

/** What the request must find at these versions, whatever the order. */
const matching = (rows: readonly StoredRow[], { mode, query, filterCase }: ReturnType<typeof anyRequest>): StoredRow[] => {
  const wanted = query.split(' ');
  return rows.filter(
    ({ text, metadata }) => (filterCase?.holds(metadata) ?? true) && (mode !== 'text' || text.split(/\W+/).some((word) => wanted.includes(word))),
  );
};

const checkQueryWalk = async (random: Random, population: Population): Promise<number> => {
  const { space } = population;
  const chosen = anyRequest(random, population);
  const { mode, request } = chosen;
  const { hits, snapshot, pages } = await walk(runner, space, request);
  const pinned = Object.entries(snapshot) as ['tenant' | 'global', NonNullable<(typeof snapshot)['tenant']>][];
  const rows = (await Promise.all(pinned.map(([scope, pin]) => stored(space, scope, pin)))).flat();
  const expected = matching(rows, chosen);
  const names = hits.map(nameOf);

  if (request.group_by === undefined)
    expect([...names].sort(), 'every matching row of the pinned versions, once').toEqual(expected.map((row) => `${row.scope} ${row.id}`).sort());
  else
    expect(new Set(hits.map(({ source_scope, doc_id }) => `${source_scope} ${doc_id}`)), 'every matching document').toEqual(
      new Set(expected.map(({ scope, doc_id }) => `${scope} ${doc_id}`)),
    );
  const { group_by, ...ungrouped } = request;
  const large = await largeQuery(runner, space, ungrouped, snapshot);
  expect(firstDifference(names, (group_by === undefined ? large : grouped(large)).map(nameOf)), 'the walk is one large query').toBeUndefined();
  if (mode === 'vector' && request.vector !== undefined)
    expect(firstDifference(large.map(nameOf), byDistance(expected, request.vector)), 'the large query is the exact ranking').toBeUndefined();
  return pages;
};

const checkDocumentsWalk = async (random: Random, { space }: Population): Promise<void> => {
  const filterCase = random.chance(0.5) ? random.pick(filterCases) : undefined;
  const { documents, snapshot } = await walkDocuments(runner, space, {
    limit: String(random.whole(1, 100)),
    ...(filterCase === undefined ? {} : { filter: JSON.stringify(filterCase.filter) }),
  });
  if (snapshot === null) throw new Error('the space has no data');
  const rows = await stored(space, 'tenant', snapshot);
  const expected = Map.groupBy(
    rows.filter(({ metadata }) => filterCase?.holds(metadata) ?? true),
    ({ doc_id }) => doc_id,
  );
  expect(documents.map(({ doc_id, chunks }) => `${doc_id} ${chunks}`)).toEqual([...expected].map(([docId, chunks]) => `${docId} ${chunks.length}`).sort());
};

test(
  `${walks} page walks while four writers write and maintenance runs are each one whole ranking at the pinned versions`,
  async () => {
    const fire = openFire(runner, populations, seed, 4);
    let next = 0;
    let pages = 0;
    const walker = async (): Promise<void> => {
      for (let number = next++; number < walks; number = next++) {
        const choice = random(seed + 1000 + number);
        const population = choice.pick(populations);
        try {
          if (choice.chance(0.2)) await checkDocumentsWalk(choice, population);
          else pages += await checkQueryWalk(choice, population);
        } catch (error) {
          throw new Error(`walk ${number} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    };
    const walked = await Promise.allSettled(Array.from({ length: walkers }, walker));
    const { writes, maintained } = await fire.stop();
    for (const result of walked) if (result.status === 'rejected') throw result.reason;
    expect(pages).toBeGreaterThan(walks);
    expect(writes, 'writes went on while pages were walked').toBeGreaterThan(walks / 4);
    expect(maintained, 'maintenance went on while pages were walked').toBeGreaterThan(2);
    if (process.env.NEXUS_TEST_SCALE !== undefined) console.log({ walks, pages, writes, maintained });
  },
  300_000 * scaled(1),
);
