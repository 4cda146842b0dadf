import { targetSpace } from '../../shared/context.ts';
import { validationFailed } from '../../shared/errors.ts';
import { scopeOf } from '../../shared/http/endpoints.ts';
import { limits } from '../../shared/limits.ts';
import { contentLocation, requireUpload, storeUpload, type Upload } from '../blobs/uploads.ts';
import type { Places } from '../store/spaces.ts';
import type { GrantedCall } from './granted-call.ts';
import { limitedBody } from './read-body.ts';

interface BlobDeps {
  places: Places;
  nowMs: () => number;
}

/** A file may be anything, HTML and scripts included: it is never shown as a page of ours. */
const safeHeaders = (upload: Upload): Record<string, string> => ({
  'content-type': upload.media_type,
  etag: `"${upload.sha256}"`,
  'accept-ranges': 'bytes',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(upload.name.split('/').at(-1) ?? 'file').replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`,
});

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(\s*;[\x20-\x7e]*)?$/;
const storedMediaType = (header: string | null): string =>
  header !== null && header.length <= 200 && mediaTypePattern.test(header) ? header : 'application/octet-stream';

export const putBlob = async ({ places, nowMs }: BlobDeps, call: GrantedCall): Promise<Response> => {
  const key = targetSpace(call.context, scopeOf(call), call.params.space_id ?? '');
  const name = call.params.name ?? '';
  const upload = await storeUpload(
    places.blobs(key),
    key,
    name,
    storedMediaType(call.request.headers.get('content-type')),
    limitedBody(call.request, limits.blobBytes),
    nowMs(),
  );
  return Response.json({ name, ref: `nexus://${name}`, bytes: upload.bytes, sha256: upload.sha256 });
};

const rangePattern = /^bytes=(\d*)-(\d*)$/;

/** One range as RFC 9110 has it; undefined: none, or one that is ignored. @throws NexusError 422 for one that cannot be met */
const rangeOf = (header: string | null, bytes: number): { start: number; end: number } | undefined => {
  const match = header === null ? null : rangePattern.exec(header);
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (start > end) throw validationFailed([{ path: 'Range', message: `cannot be met: the file has ${bytes} bytes` }]);
  return { start, end };
};

export const getBlob = async ({ places }: BlobDeps, call: GrantedCall): Promise<Response> => {
  const key = targetSpace(call.context, scopeOf(call), call.params.space_id ?? '');
  const blobs = places.blobs(key);
  const upload = await requireUpload(blobs, key, call.params.name ?? '');
  const headers = safeHeaders(upload);
  if (call.request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
  const range = rangeOf(call.request.headers.get('range'), upload.bytes);
  if (call.request.method === 'HEAD') return new Response(null, { headers: { ...headers, 'content-length': String(upload.bytes) } });
  const stream = await blobs.getStream(contentLocation(key, upload.sha256), range);
  if (stream === undefined) throw new Error(`content of upload ${upload.sha256} is gone`);
  if (range === undefined) return new Response(stream, { headers: { ...headers, 'content-length': String(upload.bytes) } });
  return new Response(stream, {
    status: 206,
    headers: { ...headers, 'content-length': String(range.end - range.start + 1), 'content-range': `bytes ${range.start}-${range.end}/${upload.bytes}` },
  });
};
