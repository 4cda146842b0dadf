import { type Exchange, header, type Reply, rangeOf } from './exchange.ts';
import { type Bucket, md5Of, type StoredObject } from './objects.ts';

/** The XML interface that Google and Amazon share, with the conditional headers of both. Path style: `/bucket/name`. */

interface Upload {
  bucket: string;
  name: string;
  parts: Map<number, Buffer>;
}
export type Uploads = Map<string, Upload>;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&');
const document = (root: string, inner: string): string => `<?xml version="1.0" encoding="UTF-8"?><${root}>${inner}</${root}>`;

const failed = (operation: string, name: string, status: number, code: string): Reply => ({
  operation,
  name,
  status,
  headers: { 'content-type': 'application/xml' },
  body: document('Error', `<Code>${code}</Code><Message>${code}</Message>`),
});
const xml = (operation: string, name: string, root: string, inner: string): Reply => ({
  operation,
  name,
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: document(root, inner),
});

const etagOf = ({ md5 }: StoredObject): string => `"${Buffer.from(md5, 'base64').toString('hex')}"`;

const headersOf = (object: StoredObject): Record<string, string> => ({
  etag: etagOf(object),
  'content-type': object.contentType,
  'last-modified': new Date(object.modifiedMs).toUTCString(),
  'accept-ranges': 'bytes',
  'x-goog-generation': String(object.generation),
  'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5}`,
  'x-goog-stored-content-encoding': 'identity',
  ...Object.fromEntries(Object.entries(object.metadata).flatMap(([key, value]) => [`x-goog-meta-${key}`, `x-amz-meta-${key}`].map((name) => [name, value]))),
});

/** Whether what the request demands of the present object holds. */
const isAllowed = (exchange: Exchange, found: StoredObject | undefined): boolean => {
  const generation = header(exchange, 'x-goog-if-generation-match');
  if (generation !== undefined && Number(generation) !== (found?.generation ?? 0)) return false;
  if (header(exchange, 'if-none-match') === '*' && found !== undefined) return false;
  const etag = header(exchange, 'if-match');
  return etag === undefined || (found !== undefined && etag === etagOf(found));
};

const metadataOf = ({ headers }: Exchange): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([key, value]) => [...key.matchAll(/^x-(?:goog|amz)-meta-(.+)$/g)].map(([, name]) => [name, value])));

const list = ({ url }: Exchange, bucket: Bucket): Reply => {
  const query = (name: string): string => url.searchParams.get(name) ?? '';
  const prefix = query('prefix');
  const token = Buffer.from(query('continuation-token'), 'base64url').toString();
  const limit = Math.min(1_000, Number(url.searchParams.get('max-keys') ?? 1_000));
  const page = bucket.list({ prefix, delimiter: query('delimiter'), from: '', after: token || query('start-after'), limit });
  const contents = page.objects.map(
    (object) =>
      `<Contents><Key>${escaped(object.name)}</Key><Size>${object.bytes.length}</Size><ETag>${escaped(etagOf(object))}</ETag>` +
      `<Generation>${object.generation}</Generation><LastModified>${new Date(object.modifiedMs).toISOString()}</LastModified></Contents>`,
  );
  const folders = page.folders.map((folder) => `<CommonPrefixes><Prefix>${escaped(folder)}</Prefix></CommonPrefixes>`);
  const next = page.next === undefined ? '' : `<NextContinuationToken>${Buffer.from(page.next).toString('base64url')}</NextContinuationToken>`;
  const head = `<Prefix>${escaped(prefix)}</Prefix><IsTruncated>${page.next !== undefined}</IsTruncated>${next}`;
  return xml('list', prefix, 'ListBucketResult', head + contents.join('') + folders.join(''));
};

const put = (exchange: Exchange, bucket: Bucket, name: string): Reply => {
  if (!isAllowed(exchange, bucket.get(name))) return failed('put', name, 412, 'PreconditionFailed');
  const source = header(exchange, 'x-goog-copy-source') ?? header(exchange, 'x-amz-copy-source');
  if (source !== undefined) {
    const [, bucketName = '', sourceName = ''] = /^\/?([^/]+)\/(.*)$/s.exec(decodeURIComponent(source)) ?? [];
    const found = exchange.bucketOf(bucketName)?.get(sourceName);
    if (found === undefined) return failed('copy', sourceName, 404, 'NoSuchKey');
    const stored = bucket.put(name, found.bytes, found);
    return xml('copy', name, 'CopyObjectResult', `<ETag>${escaped(etagOf(stored))}</ETag>`);
  }
  const md5 = header(exchange, 'content-md5');
  if (md5 !== undefined && md5 !== md5Of(exchange.body).toString('base64')) return failed('put', name, 400, 'BadDigest');
  const stored = bucket.put(name, exchange.body, { contentType: header(exchange, 'content-type'), metadata: metadataOf(exchange) });
  return { operation: 'put', name, status: 200, headers: headersOf(stored) };
};

const read = (exchange: Exchange, bucket: Bucket, name: string): Reply => {
  const operation = exchange.method === 'HEAD' ? 'head' : 'get';
  const found = bucket.get(name);
  if (found === undefined) return failed(operation, name, 404, 'NoSuchKey');
  const range = operation === 'head' ? undefined : rangeOf(header(exchange, 'range'), found.bytes.length);
  if (range === 'unmet') return failed(operation, name, 416, 'InvalidRange');
  if (range === undefined) return { operation, name, status: 200, headers: headersOf(found), body: found.bytes };
  const contentRange = `bytes ${range.start}-${range.end}/${found.bytes.length}`;
  return {
    operation,
    name,
    status: 206,
    headers: { ...headersOf(found), 'content-range': contentRange },
    body: found.bytes.subarray(range.start, range.end + 1),
  };
};

/** An object in parts: begun, its parts in any order, and what makes it appear whole. */
const upload = (exchange: Exchange, uploads: Uploads, bucketName: string, bucket: Bucket, name: string): Reply => {
  const { method, url, body } = exchange;
  if (method === 'POST' && url.searchParams.has('uploads')) {
    const id = `upload-${uploads.size + 1}-${Date.now()}`;
    uploads.set(id, { bucket: bucketName, name, parts: new Map() });
    return xml('begin', name, 'InitiateMultipartUploadResult', `<Bucket>${bucketName}</Bucket><Key>${escaped(name)}</Key><UploadId>${id}</UploadId>`);
  }
  const id = url.searchParams.get('uploadId') ?? '';
  const begun = uploads.get(id);
  if (begun === undefined || begun.bucket !== bucketName || begun.name !== name) return failed('part', name, 404, 'NoSuchUpload');
  if (method === 'PUT') {
    begun.parts.set(Number(url.searchParams.get('partNumber')), body);
    return { operation: 'part', name, status: 200, headers: { etag: `"${md5Of(body).toString('hex')}"` } };
  }
  if (method === 'DELETE') {
    uploads.delete(id);
    return { operation: 'abort', name, status: 204 };
  }
  if (!isAllowed(exchange, bucket.get(name))) return failed('complete', name, 412, 'PreconditionFailed');
  const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number));
  const parts = numbers.map((number) => begun.parts.get(number));
  if (parts.length === 0 || parts.includes(undefined)) return failed('complete', name, 400, 'InvalidPart');
  const stored = bucket.put(name, Buffer.concat(parts as Buffer[]));
  uploads.delete(id);
  return xml('complete', name, 'CompleteMultipartUploadResult', `<Key>${escaped(name)}</Key><ETag>${escaped(etagOf(stored))}</ETag>`);
};

const deleteMany = ({ body }: Exchange, bucket: Bucket): Reply => {
  const names = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, name = '']) => unescaped(name));
  for (const name of names) bucket.delete(name);
  return xml('delete', names.join(' '), 'DeleteResult', names.map((name) => `<Deleted><Key>${escaped(name)}</Key></Deleted>`).join(''));
};

export const xmlApi = (exchange: Exchange, uploads: Uploads): Reply => {
  const { method, url } = exchange;
  const [, bucketName = '', encoded = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
  const name = decodeURIComponent(encoded);
  const bucket = exchange.bucketOf(bucketName);
  if (bucket === undefined) return failed(method.toLowerCase(), name, 404, 'NoSuchBucket');
  if (name === '') return method === 'POST' && url.searchParams.has('delete') ? deleteMany(exchange, bucket) : list(exchange, bucket);
  if (url.searchParams.has('uploads') || url.searchParams.has('uploadId')) return upload(exchange, uploads, bucketName, bucket, name);
  switch (method) {
    case 'GET':
    case 'HEAD':
      return read(exchange, bucket, name);
    case 'PUT':
      return put(exchange, bucket, name);
    case 'DELETE':
      // Google says that there was nothing, Amazon does not.
      return bucket.delete(name) || header(exchange, 'authorization')?.startsWith('AWS4') === true
        ? { operation: 'delete', name, status: 204 }
        : failed('delete', name, 404, 'NoSuchKey');
    default:
      return failed(method.toLowerCase(), name, 405, 'MethodNotAllowed');
  }
};
