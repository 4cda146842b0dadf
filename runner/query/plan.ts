import type { CursorPayload, Pin } from '../../shared/cursor.ts';
import { cursorInvalid, NexusError } from '../../shared/errors.ts';
import { modeOf, type QueryMode, type QueryRequest } from '../../shared/http/query.ts';
import { type Scope, type SpaceKey, spaceKey } from '../../shared/space-key.ts';
import type { Embedders } from '../ports/embedder.ts';
import type { Run } from '../ports/run.ts';
import type { TableReader } from '../ports/vector-store.ts';
import type { LiveHead } from '../records/space-records.ts';
import type { Door } from '../store/door.ts';
import type { HeadOf } from '../store/read-ahead.ts';
import { spokenText } from '../text/text-query.ts';
import type { EmbedQuery } from './query-embeddings.ts';
import { type CarriedVectors, carryVectors, vectorsOf } from './walk-state.ts';

export interface PlanDeps {
  embedders: Embedders;
  embedQuery: EmbedQuery;
}

/** One space that a query reads, at the version that it reads. */
export interface PlannedScope {
  scope: Scope;
  head: LiveHead;
  pin: Pin;
  reader: TableReader;
  /** Absent: this scope is searched as text only, or not at all. */
  vector?: Float32Array;
  /** Of that vector's list beside the text list. */
  vectorWeight?: number;
}

export const spacesOf = (context: Parameters<typeof spaceKey>[0], request: QueryRequest, spaceId: string): SpaceKey[] => {
  const own = spaceKey(context, request.scope ?? 'tenant', spaceId);
  return request.include_global === true && own.scope === 'tenant' ? [own, spaceKey(context, 'global', spaceId)] : [own];
};

/** Versions to read: the newest for a first page, exactly the cursor's for a later one. */
export const openScopes = async (
  door: Door,
  headOf: HeadOf,
  spaces: readonly SpaceKey[],
  request: QueryRequest,
  cursor: CursorPayload | undefined,
): Promise<PlannedScope[]> => {
  const opened = await Promise.all(spaces.map((key) => openScope(door, headOf, key, request, cursor)));
  return opened.filter((scope) => scope !== undefined);
};

const holds = (head: LiveHead | undefined, { incarnation, version }: Pin): boolean => head?.incarnation === incarnation && head.version >= version;

const openScope = async (
  door: Door,
  headOf: HeadOf,
  key: SpaceKey,
  request: QueryRequest,
  cursor: CursorPayload | undefined,
): Promise<PlannedScope | undefined> => {
  const pinned = cursor?.pins[key.scope];
  if (cursor !== undefined && (pinned === undefined || pinned === null)) return undefined;
  let head = await headOf(key);
  // What this process remembers may be older than what the first page saw elsewhere.
  if (pinned != null && !holds(head, pinned) && request.consistency === 'eventual') head = await door.head(key);
  if (pinned != null && !holds(head, pinned)) throw cursorInvalid();
  if (head === undefined) return undefined;
  const pin = pinned ?? { incarnation: head.incarnation, version: head.version };
  return { scope: key.scope, head, pin, reader: await door.reader(key, pin, head) };
};

const noVector = (): NexusError =>
  new NexusError(
    'nexus.embedding_mismatch',
    "None of these spaces can be searched by this vector or model. Send a vector of the space's dimension (see GET /nexus/spaces/{space_id}), or use mode text.",
  );

/** How strongly a scope's vector list counts beside its text list, unless the caller says. */
const ownWeight = (embedders: Embedders, model: string): number => embedders.of(model)?.fusionWeight ?? 1;

/**
 * Gives each scope the vector it is searched with: the caller's where it has the scope's dimension, else the query's,
 * embedded once for each model of ours among them.
 * @param carried the embedded queries of an earlier page; a later page embeds nothing
 * @returns the embedded queries, for the cursor
 * @throws NexusError 409 when vectors are asked for and fit no scope; 422, 502, 503 when the query cannot be embedded
 */
export const assignVectors = async (
  { embedders, embedQuery }: PlanDeps,
  scopes: PlannedScope[],
  request: QueryRequest,
  tenantId: string,
  carried: CarriedVectors | undefined,
  run: Run,
): Promise<CarriedVectors> => {
  const mode: QueryMode = modeOf(request);
  if (mode === 'text') return [];
  const { vector, query } = request;
  const given = vector === undefined ? undefined : Float32Array.from(vector);
  const embed = async (text: string): Promise<CarriedVectors> => {
    const wanted = new Set(scopes.map(({ head }) => embedders.of(head.table.embedding_model)).filter((embedder) => embedder !== undefined));
    const embedded = await Promise.all([...wanted].map(async (embedder) => [embedder.model, await embedQuery(embedder, tenantId, spokenText(text))] as const));
    return carryVectors(new Map(embedded));
  };
  const kept = carried ?? (given !== undefined || query === undefined ? [] : await run.idle(() => embed(query)));
  const embedded = vectorsOf(kept);
  for (const scope of scopes) {
    const { dimension, embedding_model } = scope.head.table;
    const found = given === undefined ? embedded.get(embedding_model) : given.length === dimension ? given : undefined;
    if (found === undefined) continue;
    scope.vector = found;
    scope.vectorWeight = given === undefined ? ownWeight(embedders, embedding_model) : 1;
  }
  const wanted = given !== undefined || mode === 'vector';
  if (wanted && scopes.length > 0 && scopes.every((scope) => scope.vector === undefined)) throw noVector();
  return kept;
};
