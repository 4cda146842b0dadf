import type { Hit, QueryResponse } from '../../shared/http/query.ts';
import type { RunningRunner } from '../runner/running-runner.ts';

export type Snapshot = QueryResponse['snapshot'];

export interface Walk {
  hits: Hit[];
  snapshot: Snapshot;
  pages: number;
}

/** A page was refused: the status is the walk's end. */
export class WalkRefused extends Error {
  readonly status: number;
  constructor(status: number, page: number, body: unknown) {
    super(`page ${page} answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
  }
}

const fail = (message: string): never => {
  throw new Error(message);
};

export const nameOf = ({ source_scope, id }: Pick<Hit, 'source_scope' | 'id'>): string => `${source_scope} ${id}`;

/** Ties go by scope, tenant first, then by id. */
export const follows = (before: Pick<Hit, 'score' | 'source_scope' | 'id'>, after: Pick<Hit, 'score' | 'source_scope' | 'id'>): boolean => {
  if (before.score !== after.score) return before.score > after.score;
  if (before.source_scope !== after.source_scope) return before.source_scope === 'tenant';
  return before.id < after.id;
};

/**
 * Follows a query to its end. One walk is one ranking: fails when a hit comes twice, a score rises, ties stand in
 * another order, the snapshot changes, a page but the last is short, or a page follows that has nothing.
 */
export const walk = async ({ call }: Pick<RunningRunner, 'call'>, space: string, request: Record<string, unknown>, from?: string): Promise<Walk> => {
  const hits: Hit[] = [];
  const seen = new Set<string>();
  let snapshot: Snapshot | undefined;
  let cursor: string | null | undefined = from;
  let pages = 0;
  do {
    const { status, body } = await call('POST', `/nexus/spaces/${space}/query`, cursor === undefined ? request : { ...request, cursor });
    pages += 1;
    if (status !== 200) throw new WalkRefused(status, pages, body);
    const page = body as QueryResponse;
    snapshot ??= page.snapshot;
    if (JSON.stringify(page.snapshot) !== JSON.stringify(snapshot)) fail(`page ${pages} is of another snapshot`);
    if (page.hits.length < Number(request.limit) && page.next_cursor !== null) fail(`page ${pages} is short, and something follows`);
    if (page.hits.length === 0 && pages > 1) fail(`page ${pages} is empty`);
    for (const hit of page.hits) {
      const last = hits.at(-1);
      if (seen.has(nameOf(hit))) fail(`${nameOf(hit)} comes twice`);
      if (last !== undefined && !follows(last, hit)) fail(`${nameOf(hit)} ${hit.score} comes after ${nameOf(last)} ${last.score}`);
      seen.add(nameOf(hit));
      hits.push(hit);
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  return { hits, snapshot: snapshot ?? {}, pages };
};
