import type { CursorPayload, Pin } from '../../shared/cursor.ts';
import { cursorInvalid, NexusError } from '../../shared/errors.ts';
import { modeOf, type QueryMode, type QueryRequest } from '../../shared/http/query.ts';
import { type Scope, type SpaceKey, spaceKey } from '../../shared/space-key.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { TableReader } from '../ports/vector-store.ts';
import type { LiveHead } from '../records/space-records.ts';
import type { Door } from '../store/door.ts';

/** One space that a query reads, at the version that it reads. */
export interface PlannedScope {
  scope: Scope;
  head: LiveHead;
  pin: Pin;
  reader: TableReader;
  /** Absent: this scope is searched as text only, or not at all. */
  vector?: Float32Array;
}

export const spacesOf = (context: Parameters<typeof spaceKey>[0], request: QueryRequest, spaceId: string): SpaceKey[] => {
  const own = spaceKey(context, request.scope ?? 'tenant', spaceId);
  return request.include_global === true && own.scope === 'tenant' ? [own, spaceKey(context, 'global', spaceId)] : [own];
};

/** Versions to read: the newest for a first page, exactly the cursor's for a later one. */
export const openScopes = async (
  door: Door,
  spaces: readonly SpaceKey[],
  request: QueryRequest,
  cursor: CursorPayload | undefined,
): Promise<PlannedScope[]> => {
  const opened = await Promise.all(spaces.map((key) => openScope(door, key, request, cursor)));
  return opened.filter((scope) => scope !== undefined);
};

const holds = (head: LiveHead | undefined, { incarnation, version }: Pin): boolean => head?.incarnation === incarnation && head.version >= version;

const openScope = async (door: Door, key: SpaceKey, request: QueryRequest, cursor: CursorPayload | undefined): Promise<PlannedScope | undefined> => {
  const pinned = cursor?.pins[key.scope];
  if (cursor !== undefined && (pinned === undefined || pinned === null)) return undefined;
  let head = await door.head(key, request.consistency);
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

/**
 * Gives each scope the vector it is searched with: the caller's where it has the scope's dimension, else the query's,
 * embedded once, where the scope's model is ours.
 * @param kept the embedded query of an earlier page
 * @returns the embedded query, for the cursor
 * @throws NexusError 409 when vectors are asked for and fit no scope
 */
export const assignVectors = async (
  scopes: PlannedScope[],
  request: QueryRequest,
  embedder: Embedder,
  kept: Float32Array | undefined,
): Promise<Float32Array | undefined> => {
  const mode: QueryMode = modeOf(request);
  if (mode === 'text') return undefined;
  const given = request.vector === undefined ? undefined : Float32Array.from(request.vector);
  let embedded: Float32Array | undefined;
  for (const scope of scopes) {
    const { dimension, embedding_model } = scope.head.table;
    if (given !== undefined) {
      if (given.length === dimension) scope.vector = given;
    } else if (request.query !== undefined && embedding_model === embedder.model) {
      embedded ??= kept ?? (await embedder.embedQuery(request.query));
      scope.vector = embedded;
    }
  }
  const wanted = given !== undefined || mode === 'vector';
  if (wanted && scopes.length > 0 && scopes.every(({ vector }) => vector === undefined)) throw noVector();
  return embedded;
};
