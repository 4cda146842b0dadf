import { createHash } from 'node:crypto';
import { hashingEmbedder } from '../../runner/adapters/hashing-embedder.ts';
import { carryVectors, stateOf } from '../../runner/query/walk-state.ts';
import type { Pin } from '../../shared/cursor.ts';
import { cursorBinding, cursorExpiry, givenDigest, sealCursor } from '../../shared/cursor.ts';
import { endpoints } from '../../shared/http/endpoints.ts';
import type { Hit } from '../../shared/http/query.ts';
import { type Scope, spaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { caller, type RunningRunner } from '../runner/running-runner.ts';
import type { StoredRow } from './stored-version.ts';
import { nameOf, type Snapshot, walk } from './walk.ts';

/** The same request in the largest pages at the same versions: a cursor of the first page, as the runner would seal it. */
export const largeQuery = async (runner: RunningRunner, space: string, request: Record<string, unknown>, pins: Snapshot): Promise<Hit[]> => {
  const large: Record<string, unknown> = { ...request, limit: 100 };
  const scopes: Scope[] = request.include_global === true ? ['tenant', 'global'] : ['tenant'];
  const { cursorKeys, nowMs } = runner.services;
  const { query, vector, mode } = request;
  const embedder = hashingEmbedder();
  const isEmbedded = typeof query === 'string' && vector === undefined && mode !== 'text';
  const carried = carryVectors(new Map(isEmbedded ? [[embedder.model, await embedder.embedQuery(query)]] : []));
  const cursor = sealCursor(
    {
      exp: cursorExpiry(nowMs()),
      bind: cursorBinding(
        endpoints.query.id,
        scopes.map((scope) => spaceKeyText(spaceKey(caller(), scope, space))),
        large,
      ),
      pins: pins as Record<string, Pin>,
      position: 0,
      given: givenDigest([]),
      ...stateOf(carried),
    },
    cursorKeys,
  );
  return (await walk(runner, space, large, cursor)).hits;
};

/** Best chunk per document and scope. */
export const grouped = (hits: readonly Hit[]): Hit[] => {
  const seen = new Set<string>();
  return hits.filter(({ source_scope, doc_id }) => !seen.has(`${source_scope} ${doc_id}`) && seen.add(`${source_scope} ${doc_id}`));
};

export const squaredDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
};

/** Rows by exact squared distance; ties by scope, tenant first, then id. */
export const byDistance = (rows: readonly StoredRow[], vector: ArrayLike<number>): string[] =>
  rows
    .map(({ scope, id, vector: own }) => ({ source_scope: scope, id, distance: squaredDistance(own, vector) }))
    .sort((a, b) => a.distance - b.distance || (a.source_scope === b.source_scope ? 0 : a.source_scope === 'tenant' ? -1 : 1) || (a.id < b.id ? -1 : 1))
    .map(nameOf);

/** One short text for a list of names, so that a difference is shown as a difference and not as a screen of names. */
export const firstDifference = (got: readonly string[], expected: readonly string[]): string | undefined => {
  const at = Array.from({ length: Math.max(got.length, expected.length) }, (_, index) => index).find((index) => got[index] !== expected[index]);
  return at === undefined ? undefined : `at ${at} of ${expected.length}: ${got[at]} instead of ${expected[at]} (${digest(got)})`;
};
const digest = (names: readonly string[]): string => createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 8);
