import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveBlobRef } from '../../runner/ingest/blob-ref.ts';
import { importTarget } from '../../runner/ingest/import-uri.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';
import { memoryBlobs } from './memory-blobs.ts';

const prefixes = ['gs://bucket/exports/a/', 's3://other/exports', 'gs://whole'];
const roots = ['gs://bucket/nexus', 'gs://bucket/exports/a/root', 's3://other', '/local'];
const target = (ref: string) => importTarget(ref, prefixes, roots);

describe('an import from an object store', () => {
  test('names what lies under an allowed prefix, by the letters of its key', async () => {
    expect(await target('gs://bucket/exports/a/one.txt')).toEqual({ root: 'gs://bucket/exports/a/', name: 'one.txt' });
    expect(await target('gs://bucket/exports/a/deep/%2e%2e/ä ?#.txt')).toEqual({ root: 'gs://bucket/exports/a/', name: 'deep/%2e%2e/ä ?#.txt' });
    expect(await target('gs://whole/x')).toEqual({ root: 'gs://whole', name: 'x' });
  });

  test.each([
    ['of another bucket', 'gs://bucket2/exports/a/one.txt'],
    ['of another store', 's3://bucket/exports/a/one.txt'],
    ['of what begins with the same letters', 'gs://bucket/exports/ab/one.txt'],
    ['of the prefix itself', 'gs://bucket/exports/a'],
    ['of a folder', 'gs://bucket/exports/a/deep/'],
    ['of a route’s root', 'gs://bucket/nexus/t_b/secret'],
    ['of a route’s root under the prefix', 'gs://bucket/exports/a/root/t_b/secret'],
    ['of a bucket that is a route’s root as a whole', 's3://other/exports/x'],
    ['that climbs', 'gs://bucket/exports/a/../../nexus/t_b/secret'],
    ['with a part that is empty', 'gs://bucket/exports/a//one.txt'],
    ['that is there already', 'gs://bucket/exports/a/./one.txt'],
    ['with NUL', 'gs://bucket/exports/a/one\0.txt'],
    ['of 1,025 bytes', `gs://bucket/exports/a/${'x'.repeat(1_025 - 'exports/a/'.length)}`],
    ['with a credential', 'gs://user@bucket/exports/a/one.txt'],
    ['with a port', 'gs://bucket:80/exports/a/one.txt'],
    ['of a scheme in capitals', 'GS://bucket/exports/a/one.txt'],
    ['of nothing', 'gs://'],
    ['of a bucket alone', 'gs://bucket'],
  ])('%s is refused', async (_, ref) => {
    expect(await target(ref)).toBeUndefined();
  });

  test('of anything at all stays under a prefix and out of every root', async () => {
    const part = fc.constantFrom('exports', 'a', 'ab', 'root', 'nexus', '..', '.', '', '%2e%2e', 'x', '\\', 'a/root', '?');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('gs://bucket', 's3://other', 'gs://whole'), fc.array(part, { maxLength: 6 }), async (bucket, parts) => {
        const found = await target(`${bucket}/${parts.join('/')}`);
        if (found === undefined || found === 'missing') return;
        const place = `${found.root.replace(/\/$/, '')}/${found.name}`;
        expect(prefixes.some((prefix) => place.startsWith(`${prefix.replace(/\/$/, '')}/`))).toBe(true);
        expect(roots.some((root) => place.startsWith(`${root}/`))).toBe(false);
        expect(place.split('/').slice(3)).not.toContain('..');
      }),
      runs(500),
    );
  });

  test('is copied into the space’s uploads under its hash', async () => {
    const area = { tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' };
    const [blobs, source] = [memoryBlobs(), memoryBlobs()];
    await source.putBytes('one.txt', new TextEncoder().encode('imported'));
    const imports = [{ tenant_id: 't_a', prefix: 'gs://bucket/exports' }];
    const deps = {
      blobs,
      blobsAt: (root: string) => (root === 'gs://bucket/exports' ? source : memoryBlobs()),
      registry: () => ({ routes: [] }),
      imports,
      nowMs: Date.now,
    };
    const { location } = await resolveBlobRef(deps, area, spaceKey(area, 'tenant', 'x'), 'gs://bucket/exports/one.txt', 'blob_ref');
    expect(new TextDecoder().decode(await blobs.getBytes(location))).toBe('imported');
  });
});
