import type { Pin } from '../../shared/cursor.ts';
import type { DocumentSummary, DocumentsResponse } from '../../shared/http/documents.ts';
import type { RunningRunner } from '../runner/running-runner.ts';
import { WalkRefused } from './walk.ts';

/** Follows a document list to its end. Fails when ids do not rise or the snapshot changes. */
export const walkDocuments = async (
  { call }: Pick<RunningRunner, 'call'>,
  space: string,
  parameters: Record<string, string>,
): Promise<{ documents: DocumentSummary[]; snapshot: Pin | null }> => {
  const documents: DocumentSummary[] = [];
  let snapshot: Pin | null | undefined;
  let cursor: string | null | undefined;
  let pages = 0;
  do {
    const query = new URLSearchParams({ ...parameters, ...(typeof cursor === 'string' ? { cursor } : {}) });
    const { status, body } = await call('GET', `/nexus/spaces/${space}/documents?${query}`);
    pages += 1;
    if (status !== 200) throw new WalkRefused(status, pages, body);
    const page = body as DocumentsResponse;
    snapshot ??= page.snapshot;
    if (JSON.stringify(page.snapshot) !== JSON.stringify(snapshot)) throw new Error(`page ${pages} is of another snapshot`);
    for (const document of page.documents) {
      const last = documents.at(-1);
      if (last !== undefined && last.doc_id >= document.doc_id) throw new Error(`${document.doc_id} comes after ${last.doc_id}`);
      documents.push(document);
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  return { documents, snapshot: snapshot ?? null };
};
