import type { z } from 'zod';
import type { blobResponseSchema } from '../shared/http/blobs.ts';
import type { IngestBody, IngestDocument } from '../shared/http/ingest.ts';
import type { KpiBody } from '../shared/http/kpi.ts';
import type { QueryRequest, QueryResponse } from '../shared/http/query.ts';
import type { SettingsBody, SpaceDescription, settingsSchema } from '../shared/http/spaces.ts';
import { limits } from '../shared/limits.ts';
import type { Scope } from '../shared/space-key.ts';
import { type DeleteOptions, SpaceDocuments } from './documents.ts';
import { NexusApiError } from './errors.ts';
import { SpaceHaze } from './haze.ts';
import { type IngestAllOptions, ingestAll } from './ingest-all.ts';
import { pagesOf } from './pages.ts';
import { type AcceptedTask, accepted } from './task.ts';
import type { CallOptions, Transport } from './transport.ts';

export type SpaceSettings = z.infer<typeof settingsSchema>;
export type UploadedBlob = z.infer<typeof blobResponseSchema>;

export interface ScopedOptions extends CallOptions {
  scope?: Scope | undefined;
}
export interface UploadOptions extends ScopedOptions {
  /** Kept with the file and given back with it; what it is, is told from its bytes. */
  mediaType?: string | undefined;
}
export interface IngestOptions extends CallOptions {
  /** The same key and body is one acceptance; left out, each call has a new one, and only its own retries share it. */
  idempotencyKey?: string | undefined;
}

const json = { 'content-type': 'application/json' };

/** One space of the client's context. */
export class Space {
  readonly id: string;
  readonly blobs: SpaceBlobs;
  readonly documents: SpaceDocuments;
  readonly haze: SpaceHaze;
  private readonly transport: Transport;
  private readonly path: string;

  constructor(transport: Transport, id: string) {
    this.transport = transport;
    this.id = id;
    this.path = `/nexus/spaces/${encodeURIComponent(id)}`;
    this.blobs = new SpaceBlobs(transport, this.path);
    this.documents = new SpaceDocuments(transport, this.path);
    this.haze = new SpaceHaze(transport, this.path);
  }

  /** One page of hits. */
  query(request: QueryRequest, options: CallOptions = {}): Promise<QueryResponse> {
    return this.transport.json({ method: 'POST', path: `${this.path}/query`, headers: json, body: JSON.stringify(request), repeatable: true, ...options });
  }

  /** Every page of one ranking, up to `limits.windowHits` hits. */
  pages(request: QueryRequest, options: CallOptions = {}): AsyncIterable<QueryResponse> {
    return pagesOf((cursor) => this.query(cursor === undefined ? request : { ...request, cursor }, options));
  }

  /** Accepted is durable, not yet searchable: `wait()` of what it gives tells when it is. */
  ingest(body: IngestBody, { idempotencyKey, timeoutMs = limits.uploadTimeoutMs, ...options }: IngestOptions = {}): Promise<AcceptedTask> {
    const call = { method: 'POST', path: `${this.path}/ingest`, headers: json, body: JSON.stringify(body), ...options, timeoutMs } as const;
    return accepted(this.transport, call, idempotencyKey);
  }

  /**
   * Any number of documents, in requests of the right size with several on the way at once.
   * @throws what the first failing request threw; documents that had been accepted by then stay accepted
   */
  ingestAll(documents: Iterable<IngestDocument> | AsyncIterable<IngestDocument>, options: IngestAllOptions = {}): Promise<AcceptedTask[]> {
    return ingestAll(this, documents, options);
  }

  /** Measurements in; when the task has ended, what is true of them is found by every query as documents of type `kpi`. */
  kpi(body: KpiBody, { idempotencyKey, timeoutMs = limits.uploadTimeoutMs, ...options }: IngestOptions = {}): Promise<AcceptedTask> {
    const call = { method: 'POST', path: `${this.path}/kpi`, headers: json, body: JSON.stringify(body), ...options, timeoutMs } as const;
    return accepted(this.transport, call, idempotencyKey);
  }

  describe({ scope, ...options }: ScopedOptions = {}): Promise<SpaceDescription> {
    return this.transport.json({ method: 'GET', path: this.path, query: { scope }, repeatable: true, ...options });
  }

  /** The whole space: gone when the task has succeeded; its name can be used again at once. */
  delete({ scope, idempotencyKey, ...options }: DeleteOptions = {}): Promise<AcceptedTask> {
    return accepted(this.transport, { method: 'DELETE', path: this.path, query: { scope }, ...options }, idempotencyKey);
  }

  configure(settings: SettingsBody, { scope, ...options }: ScopedOptions = {}): Promise<SpaceSettings> {
    return this.transport.json({
      method: 'PUT',
      path: this.path,
      query: { scope },
      headers: json,
      body: JSON.stringify(settings),
      repeatable: true,
      ...options,
    });
  }
}

/** Files of a space, to be ingested by the `ref` that `put` answers. */
export class SpaceBlobs {
  private readonly transport: Transport;
  private readonly path: string;

  constructor(transport: Transport, spacePath: string) {
    this.transport = transport;
    this.path = `${spacePath}/blobs`;
  }

  put(name: string, body: string | Blob | Uint8Array<ArrayBuffer>, options: UploadOptions = {}): Promise<UploadedBlob> {
    const { mediaType = 'application/octet-stream', ...scoped } = options;
    return this.transport.json({ ...this.call('PUT', name, scoped), headers: { 'content-type': mediaType }, body });
  }

  /** The platform's own response: read it as a stream, as bytes or as a Blob. */
  get(name: string, options: ScopedOptions = {}): Promise<Response> {
    return this.transport.send(this.call('GET', name, options), async (response) => response);
  }

  /** Size in bytes and SHA-256 in hex; undefined when there is no such file. */
  async head(name: string, options: ScopedOptions = {}): Promise<{ bytes: number; sha256: string } | undefined> {
    try {
      return await this.transport.send(this.call('HEAD', name, options), async ({ headers }) => ({
        bytes: Number(headers.get('content-length')),
        sha256: headers.get('etag')?.replaceAll('"', '') ?? '',
      }));
    } catch (error) {
      if (error instanceof NexusApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  private call<M extends 'PUT' | 'GET' | 'HEAD'>(method: M, name: string, { scope, timeoutMs = limits.uploadTimeoutMs, ...options }: ScopedOptions) {
    const path = `${this.path}/${name.split('/').map(encodeURIComponent).join('/')}`;
    return { method, path, query: { scope }, repeatable: true, timeoutMs, ...options };
  }
}
