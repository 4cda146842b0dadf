import { arrowStream } from '../shared/http/arrow-stream.ts';
import type { HazePointsResponse, HazeSearchResponse } from '../shared/http/haze.ts';
import type { QueryRequest } from '../shared/http/query.ts';
import { type PagedList, pagedList } from './pages.ts';
import type { IngestOptions, ScopedOptions } from './space.ts';
import { type AcceptedTask, accepted } from './task.ts';
import type { Call, CallOptions, Transport } from './transport.ts';

export interface HazePointsOptions extends ScopedOptions {
  /** Only passages that it finds. */
  filter?: Record<string, unknown> | undefined;
  includeGlobal?: boolean | undefined;
  /** Corners of a box: least x, y, z, then greatest. */
  bbox?: readonly [number, number, number, number, number, number] | undefined;
  /** A metadata key whose value each point carries. */
  field?: string | undefined;
  /** Points in one page. */
  limit?: number | undefined;
}

/** A space's map. */
export class SpaceHaze {
  private readonly transport: Transport;
  private readonly path: string;

  constructor(transport: Transport, spacePath: string) {
    this.transport = transport;
    this.path = `${spacePath}/haze`;
  }

  /** Pages of points: every beginning is a fair sample of the whole. */
  points(options: HazePointsOptions = {}): PagedList<HazePointsResponse, HazePointsResponse['points'][number]> {
    return pagedList(
      (cursor) => this.transport.json<HazePointsResponse>(this.pageCall({ ...options, cursor })),
      (page) => page.points,
    );
  }

  /**
   * One page as an Arrow stream: a fraction of its JSON to read. Points are its columns; what else a page says, its
   * `next_cursor` too, is JSON in the schema's metadata under `nexus.haze`.
   */
  arrowPage(options: HazePointsOptions & { cursor?: string | undefined } = {}): Promise<Uint8Array<ArrayBuffer>> {
    const call = { ...this.pageCall(options), headers: { accept: arrowStream } };
    return this.transport.send(call, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /** Where a query lands, and its hits' places. */
  search(request: QueryRequest, options: CallOptions = {}): Promise<HazeSearchResponse> {
    const headers = { 'content-type': 'application/json' };
    return this.transport.json({ method: 'POST', path: `${this.path}/points`, headers, body: JSON.stringify(request), repeatable: true, ...options });
  }

  /** Draws the map anew; it is there when the task has succeeded. */
  snapshot({ scope, idempotencyKey, ...options }: ScopedOptions & IngestOptions = {}): Promise<AcceptedTask> {
    return accepted(this.transport, { method: 'POST', path: `${this.path}/snapshot`, query: { scope }, ...options }, idempotencyKey);
  }

  private pageCall({ scope, filter, includeGlobal, bbox, field, limit, cursor, ...options }: HazePointsOptions & { cursor?: string | undefined }): Call {
    const query = {
      ...{ scope, field, limit, cursor, bbox: bbox?.join(',') },
      include_global: includeGlobal === undefined ? undefined : String(includeGlobal),
      filter: filter === undefined ? undefined : JSON.stringify(filter),
    };
    return { method: 'GET', path: `${this.path}/points`, query, repeatable: true, ...options };
  }
}
