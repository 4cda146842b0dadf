import type { z } from 'zod';
import type { DocumentSummary, DocumentsResponse, deleteDocumentsBodySchema, documentResponseSchema } from '../shared/http/documents.ts';
import type { Scope } from '../shared/space-key.ts';
import { type PagedList, pagedList } from './pages.ts';
import type { Accepted, IngestOptions, ScopedOptions } from './space.ts';
import type { Transport } from './transport.ts';

export type StoredDocument = z.infer<typeof documentResponseSchema>;
export type DeleteRequest = z.infer<typeof deleteDocumentsBodySchema>;
export interface ListDocumentsOptions extends ScopedOptions {
  /** Only documents that it finds. */
  filter?: Record<string, unknown> | undefined;
  /** Documents in one page. */
  limit?: number | undefined;
}
export interface DeleteOptions extends IngestOptions {
  scope?: Scope | undefined;
}

/** Documents of a space, as they were put in. */
export class SpaceDocuments {
  private readonly transport: Transport;
  private readonly path: string;

  constructor(transport: Transport, spacePath: string) {
    this.transport = transport;
    this.path = `${spacePath}/documents`;
  }

  /** By id; the whole walk shows the space as it was at its first page. */
  list({ scope, filter, limit, ...options }: ListDocumentsOptions = {}): PagedList<DocumentsResponse, DocumentSummary> {
    const query = { scope, limit, filter: filter === undefined ? undefined : JSON.stringify(filter) };
    return pagedList(
      (cursor) => this.transport.json<DocumentsResponse>({ method: 'GET', path: this.path, query: { ...query, cursor }, repeatable: true, ...options }),
      (page) => page.documents,
    );
  }

  get(docId: string, { scope, text = false, ...options }: ScopedOptions & { text?: boolean } = {}): Promise<StoredDocument> {
    const query = { scope, include: text ? 'text' : undefined };
    return this.transport.json({ method: 'GET', path: this.pathOf(docId), query, repeatable: true, ...options });
  }

  /** Accepted is durable; the document is gone when the task has succeeded. */
  delete(docId: string, { scope, idempotencyKey = crypto.randomUUID(), ...options }: DeleteOptions = {}): Promise<Accepted> {
    return this.transport.json({
      method: 'DELETE',
      path: this.pathOf(docId),
      query: { scope },
      headers: { 'idempotency-key': idempotencyKey },
      repeatable: true,
      ...options,
    });
  }

  /** By ids, or by a filter that is judged when the task runs. */
  deleteMany(request: DeleteRequest, { idempotencyKey = crypto.randomUUID(), ...options }: IngestOptions = {}): Promise<Accepted> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    return this.transport.json({ method: 'POST', path: `${this.path}/delete`, headers, body: JSON.stringify(request), repeatable: true, ...options });
  }

  private pathOf(docId: string): string {
    return `${this.path}/${docId.split('/').map(encodeURIComponent).join('/')}`;
  }
}
