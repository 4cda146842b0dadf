import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { type CursorPayload, cursorBinding, cursorExpiry, givenDigest, openCursor, sealCursor } from '../../shared/cursor.ts';
import { cursorInvalid, NexusError } from '../../shared/errors.ts';
import { parseFilter } from '../../shared/filter.ts';
import type { DocumentSummary, DocumentsQuery, DocumentsResponse } from '../../shared/http/documents.ts';
import { endpoints } from '../../shared/http/endpoints.ts';
import { limits } from '../../shared/limits.ts';
import { type Scope, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { formatMicros } from '../../shared/time.ts';
import type { DocumentRow, TextPiece } from '../ports/vector-store.ts';
import type { NameWalkDeps } from '../records/name-walk.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';

const summaryOf = ({ doc_id, type, chunks, metadata, source_uri, seq }: DocumentRow): DocumentSummary => ({
  doc_id,
  type,
  chunks,
  metadata: metadata === null ? {} : JSON.parse(metadata),
  source_uri,
  updated_at: formatMicros(seq),
});

/** Documents by id. A walk reads the version of its first page to the end, whatever is written meanwhile. @throws NexusError 410, 422 */
export const listDocuments = async (
  { door, cursorKeys, nowMs }: NameWalkDeps & { door: Door },
  context: RequestContext,
  spaceId: string,
  query: DocumentsQuery,
): Promise<DocumentsResponse> => {
  const key = targetSpace(context, query.scope, spaceId);
  const binding = cursorBinding(endpoints.listDocuments.id, [spaceKeyText(key)], query);
  const cursor = query.cursor === undefined ? undefined : openCursor(query.cursor, binding, cursorKeys, nowMs());
  return readAgainWhenGone(cursor !== undefined, () => page({ door, cursorKeys, nowMs }, key, binding, query, cursor));
};

const page = async (
  { door, cursorKeys, nowMs }: NameWalkDeps & { door: Door },
  key: SpaceKey,
  binding: string,
  query: DocumentsQuery,
  cursor: CursorPayload | undefined,
): Promise<DocumentsResponse> => {
  const head = await door.head(key);
  const pinned = cursor?.pins.tenant ?? undefined;
  if (pinned !== undefined && (head === undefined || head.incarnation !== pinned.incarnation || head.version < pinned.version)) throw cursorInvalid();
  if (head === undefined) return { documents: [], next_cursor: null, snapshot: null };

  const snapshot = pinned ?? { incarnation: head.incarnation, version: head.version };
  const limit = query.limit ?? limits.defaultLimit;
  const filter = query.filter === undefined ? undefined : parseFilter(query.filter);
  const rows = await (await door.reader(key, snapshot, head)).documents(cursor?.state?.after as string | undefined, limit + 1, filter);
  const listed = rows.slice(0, limit);
  const after = listed.at(-1)?.doc_id;
  const next =
    rows.length <= limit
      ? null
      : sealCursor(
          {
            exp: cursor?.exp ?? cursorExpiry(nowMs()),
            bind: binding,
            pins: { tenant: snapshot },
            position: 0,
            given: givenDigest([]),
            state: { after },
          },
          cursorKeys,
        );
  return { documents: listed.map(summaryOf), next_cursor: next, snapshot };
};

/** The extracted text, put together from its chunks: each begins where its offsets say, with what stood before it. */
const textOf = (pieces: readonly TextPiece[]): string | null => {
  if (pieces.every(({ text }) => text === null)) return null;
  return pieces.reduce((whole, { text, start, lead, tail }) => {
    const before = whole + (lead ?? '');
    return before + (text ?? '').slice(Math.max(0, before.length - (start ?? before.length))) + (tail ?? '');
  }, '');
};

/** @throws NexusError 404 */
export const getDocument = async (
  { door }: { door: Door },
  context: RequestContext,
  spaceId: string,
  docId: string,
  scope: Scope | undefined,
  withText: boolean,
): Promise<DocumentSummary & { text?: string | null }> => {
  const key = targetSpace(context, scope, spaceId);
  return readAgainWhenGone(false, async () => {
    const head = await door.head(key);
    const reader = head === undefined ? undefined : await door.reader(key, head, head);
    const found = await reader?.document(docId);
    if (reader === undefined || found === undefined) throw new NexusError('nexus.not_found', 'There is no such document in this space.');
    return { ...summaryOf(found), ...(withText ? { text: textOf(await reader.pieces(docId)) } : {}) };
  });
};
