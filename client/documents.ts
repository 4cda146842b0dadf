import type { z } from 'zod';
import type { DocumentSummary, DocumentsResponse, deleteDocumentsBodySchema, documentResponseSchema } from '../shared/http/documents.ts';
import type { Scope } from '../shared/space-key.ts';
import { type PagedList, pagedList } from './pages.ts';
import type { IngestOptions, ScopedOptions } from './space.ts';
import { type AcceptedTask, accepted } from './task.ts';
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
  delete(docId: string, { scope, idempotencyKey, ...options }: DeleteOptions = {}): Promise<AcceptedTask> {
    return accepted(this.transport, { method: 'DELETE', path: this.pathOf(docId), query: { scope }, ...options }, idempotencyKey);
  }

  /** By ids, or by a filter that is judged when the task runs. */
  deleteMany(request: DeleteRequest, { idempotencyKey, ...options }: IngestOptions = {}): Promise<AcceptedTask> {
    const headers = { 'content-type': 'application/json' };
    return accepted(this.transport, { method: 'POST', path: `${this.path}/delete`, headers, body: JSON.stringify(request), ...options }, idempotencyKey);
  }

  /** `.` and `..` would climb out of the path: an id that holds one goes as a single step. */
  private pathOf(docId: string): string {
    const steps = docId.split('/');
    const climbs = steps.some((step) => step === '.' || step === '..');
    return `${this.path}/${(climbs ? [docId] : steps).map(encodeURIComponent).join('/')}`;
  }
}
