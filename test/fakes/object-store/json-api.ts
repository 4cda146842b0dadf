import { type Exchange, header, type Reply, rangeOf } from './exchange.ts';
import type { Bucket, StoredObject } from './objects.ts';

/** Google's JSON interface: uploads in one request or resumable ones, metadata, media with ranges, lists. */

interface Session {
  bucket: string;
  name: string;
  query: URLSearchParams;
  given: Given;
  received: Buffer;
}
export type Sessions = Map<string, Session>;

interface Given {
  contentType?: string;
  metadata?: Record<string, string>;
}

const json = (operation: string, name: string, status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  operation,
  name,
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  body: JSON.stringify(value),
});
const failed = (operation: string, name: string, status: number, reason: string): Reply =>
  json(operation, name, status, { error: { code: status, message: reason, errors: [{ message: reason, domain: 'global', reason }] } });

const resourceOf = (bucket: string, object: StoredObject): Record<string, unknown> => ({
  kind: 'storage#object',
  id: `${bucket}/${object.name}/${object.generation}`,
  name: object.name,
  bucket,
  generation: String(object.generation),
  metageneration: '1',
  contentType: object.contentType,
  size: String(object.bytes.length),
  md5Hash: object.md5,
  crc32c: object.crc32c,
  etag: `"${object.generation}"`,
  timeCreated: new Date(object.modifiedMs).toISOString(),
  updated: new Date(object.modifiedMs).toISOString(),
  metadata: object.metadata,
});

const isAllowed = (query: URLSearchParams, found: StoredObject | undefined): boolean => {
  const generation = query.get('ifGenerationMatch');
  return generation === null || Number(generation) === (found?.generation ?? 0);
};

const store = (operation: string, bucketName: string, bucket: Bucket, name: string, query: URLSearchParams, given: Given, bytes: Buffer): Reply =>
  isAllowed(query, bucket.get(name))
    ? json(operation, name, 200, resourceOf(bucketName, bucket.put(name, bytes, given)))
    : failed(operation, name, 412, 'conditionNotMet');

/** `multipart/related`: what the object is called, then its bytes. */
const splitRelated = (body: Buffer, contentType: string): { given: Given & { name?: string }; bytes: Buffer } | undefined => {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const begins = Buffer.from(`--${boundary}`);
  const first = body.indexOf(begins);
  const second = body.indexOf(begins, first + 1);
  const last = body.lastIndexOf(Buffer.from(`--${boundary}--`));
  if (first === -1 || second === -1 || last === -1) return undefined;
  const bytesFrom = body.indexOf('\r\n\r\n', second) + 4;
  const jsonFrom = body.indexOf('\r\n\r\n', first) + 4;
  return { given: JSON.parse(body.subarray(jsonFrom, second).toString()), bytes: body.subarray(bytesFrom, last - 2) };
};

const beginUpload = (exchange: Exchange, sessions: Sessions, bucketName: string, bucket: Bucket): Reply => {
  const query = exchange.url.searchParams;
  switch (query.get('uploadType')) {
    case 'media':
      return store('put', bucketName, bucket, query.get('name') ?? '', query, { contentType: header(exchange, 'content-type') ?? '' }, exchange.body);
    case 'multipart': {
      const parts = splitRelated(exchange.body, header(exchange, 'content-type') ?? '');
      if (parts === undefined) return failed('put', '', 400, 'parseError');
      return store('put', bucketName, bucket, parts.given.name ?? query.get('name') ?? '', query, parts.given, parts.bytes);
    }
    case 'resumable': {
      const given = (exchange.body.length === 0 ? {} : JSON.parse(exchange.body.toString())) as Given & { name?: string };
      const name = given.name ?? query.get('name') ?? '';
      const id = `session-${sessions.size + 1}-${Date.now()}`;
      sessions.set(id, { bucket: bucketName, name, query, given, received: Buffer.alloc(0) });
      const location = `http://${header(exchange, 'host')}/upload/storage/v1/b/${bucketName}/o?uploadType=resumable&upload_id=${id}`;
      return { operation: 'begin', name, status: 200, headers: { location } };
    }
    default:
      return failed('put', '', 400, 'invalid');
  }
};

/** A piece of a resumable upload, or the question how much has arrived. */
const goOn = (exchange: Exchange, sessions: Sessions, bucketName: string, bucket: Bucket): Reply => {
  const session = sessions.get(exchange.url.searchParams.get('upload_id') ?? '');
  if (session === undefined || session.bucket !== bucketName) return failed('part', '', 404, 'notFound');
  const [, from, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header(exchange, 'content-range') ?? '') ?? [undefined, '0', String(exchange.body.length)];
  // What arrived in a request whose answer was lost is there already.
  if (from !== undefined && Number(from) <= session.received.length)
    session.received = Buffer.concat([session.received.subarray(0, Number(from)), exchange.body]);
  if (total !== '*' && session.received.length === Number(total))
    return store('complete', bucketName, bucket, session.name, session.query, session.given, session.received);
  const range: Record<string, string> = session.received.length === 0 ? {} : { range: `bytes=0-${session.received.length - 1}` };
  return { operation: 'part', name: session.name, status: 308, headers: range };
};

const list = ({ url }: Exchange, bucketName: string, bucket: Bucket): Reply => {
  const query = (name: string): string => url.searchParams.get(name) ?? '';
  const after = Buffer.from(query('pageToken'), 'base64url').toString();
  const limit = Math.min(1_000, Number(url.searchParams.get('maxResults') ?? 1_000));
  const page = bucket.list({ prefix: query('prefix'), delimiter: query('delimiter'), from: query('startOffset'), after, limit });
  return json('list', query('prefix'), 200, {
    kind: 'storage#objects',
    items: page.objects.map((object) => resourceOf(bucketName, object)),
    prefixes: page.folders,
    ...(page.next === undefined ? {} : { nextPageToken: Buffer.from(page.next).toString('base64url') }),
  });
};

const media = (exchange: Exchange, name: string, found: StoredObject): Reply => {
  const headers = {
    'content-type': found.contentType,
    'x-goog-generation': String(found.generation),
    'x-goog-hash': `crc32c=${found.crc32c},md5=${found.md5}`,
    'x-goog-stored-content-encoding': 'identity',
  };
  const range = rangeOf(header(exchange, 'range'), found.bytes.length);
  if (range === 'unmet') return failed('get', name, 416, 'requestedRangeNotSatisfiable');
  if (range === undefined) return { operation: 'get', name, status: 200, headers, body: found.bytes };
  const contentRange = `bytes ${range.start}-${range.end}/${found.bytes.length}`;
  return {
    operation: 'get',
    name,
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: found.bytes.subarray(range.start, range.end + 1),
  };
};

const path = /^\/(upload\/|download\/)?storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/s;

export const isJsonPath = (pathname: string): boolean => path.test(pathname);

export const jsonApi = (exchange: Exchange, sessions: Sessions): Reply => {
  const { method, url } = exchange;
  const [, kind, bucketName = '', encoded] = path.exec(url.pathname) ?? [];
  const name = encoded === undefined ? '' : decodeURIComponent(encoded);
  const bucket = exchange.bucketOf(bucketName);
  if (bucket === undefined) return failed(method.toLowerCase(), name, 404, 'notFound');
  if (kind === 'upload/') return method === 'PUT' ? goOn(exchange, sessions, bucketName, bucket) : beginUpload(exchange, sessions, bucketName, bucket);
  if (encoded === undefined) return list(exchange, bucketName, bucket);
  const found = bucket.get(name);
  const operation = method === 'DELETE' ? 'delete' : url.searchParams.get('alt') === 'media' ? 'get' : 'head';
  if (found === undefined) return failed(operation, name, 404, 'notFound');
  if (operation === 'delete') return bucket.delete(name) ? { operation, name, status: 204 } : failed(operation, name, 404, 'notFound');
  return operation === 'get' ? media(exchange, name, found) : json(operation, name, 200, resourceOf(bucketName, found));
};
