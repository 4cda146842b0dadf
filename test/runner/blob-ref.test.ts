import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileBlobs } from '../../runner/adapters/file-blobs.ts';
import { contentFolder, storeUpload } from '../../runner/blobs/uploads.ts';
import { type BlobRefDeps, resolveBlobRef } from '../../runner/ingest/blob-ref.ts';
import { NexusError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { registrySchema } from '../../shared/routes.ts';
import { type SpaceKey, spaceKey } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';

const area = { tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' };
const key = spaceKey(area, 'tenant', 'x');
const secretText = 'what no reference may reach';

let folder: string;
let blobs: ReturnType<typeof fileBlobs>;
let deps: BlobRefDeps;

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
const put = async (path: string, text = secretText): Promise<void> => {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
};
const uri = (path: string): string => pathToFileURL(join(folder, path)).href;

/** The text that a reference leads to, or the code of its refusal. */
const follow = async (ref: string, { caller = area, target = key as SpaceKey, over = {} as Partial<BlobRefDeps> } = {}): Promise<string> => {
  try {
    const { location } = await resolveBlobRef({ ...deps, ...over }, caller, target, ref, 'documents.0.blob_ref');
    expect(location.startsWith(`${contentFolder(target)}/`)).toBe(true);
    return new TextDecoder().decode(await blobs.getBytes(location));
  } catch (error) {
    if (error instanceof NexusError) return error.code;
    throw error;
  }
};
const forbidden = 'nexus.blob_ref_forbidden';
const notThere = 'nexus.validation_failed';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'nexus-refs-')));
  blobs = fileBlobs(join(folder, 'blobs'));
  for (const path of [
    'exports/a/one.txt',
    'exports/a/deep/two.txt',
    'exports/a/with space ä.txt',
    'exports/a/..odd',
    'exports/ab/three.txt',
    'exports/everybody/four.txt',
  ]) {
    await put(path, `text of ${path}`);
  }
  for (const path of ['secret.txt', 'store/t_b/table', 'blobs/t_b/file', 'exports/a/root/t_b/file', 'exports/a/root/..odd']) await put(path);
  await symlink(join(folder, 'secret.txt'), join(folder, 'exports/a/link-out'));
  await symlink(join(folder, 'exports/ab'), join(folder, 'exports/a/folder-out'));
  await symlink(join(folder, 'blobs'), join(folder, 'exports/a/link-to-root'));
  await symlink(join(folder, 'exports/a/one.txt'), join(folder, 'exports/a/link-in'));
  await symlink(join(folder, 'exports/a'), join(folder, 'alias'));
  await symlink(join(folder, 'exports/a/link-to-itself'), join(folder, 'exports/a/link-to-itself'));
  const route = (id: string, root: string) => ({ id, kind: 'nexus_store', match: { env: `e-${id}` }, backend: 'lancedb', root });
  const registry = registrySchema.parse({
    routes: [
      route('store', join(folder, 'store')),
      route('inner', join(folder, 'exports/a/root')),
      route('remote', 'gs://bucket/nexus'),
      { ...route('blobs', join(folder, 'blobs')), kind: 'nexus_blob_store', backend: 'blob' },
    ],
  });
  deps = {
    blobs,
    blobsAt: fileBlobs,
    registry: () => registry,
    nowMs: Date.now,
    imports: [
      { tenant_id: 't_a', prefix: join(folder, 'exports/a') },
      { tenant_id: '*', prefix: pathToFileURL(join(folder, 'exports/everybody/')).href },
      { tenant_id: 't_a', prefix: join(folder, 'alias-that-is-not-there') },
      { tenant_id: 't_a', prefix: 'gs://bucket/exports' },
    ],
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('nexus://', () => {
  test('names an uploaded file of the space, as it is at this moment', async () => {
    await storeUpload(blobs, key, 'folder/a b.txt', 'text/plain', bytesOf('first'), 0);
    const { location: before } = await resolveBlobRef(deps, area, key, 'nexus://folder/a b.txt', '');
    await storeUpload(blobs, key, 'folder/a b.txt', 'text/plain', bytesOf('second'), 0);
    expect(await follow('nexus://folder/a b.txt')).toBe('second');
    expect(new TextDecoder().decode(await blobs.getBytes(before))).toBe('first');
  });

  test('names no file of another space, scope or tenant', async () => {
    await storeUpload(blobs, key, 'mine', 'text/plain', bytesOf('mine'), 0);
    for (const other of [spaceKey(area, 'tenant', 'y'), spaceKey(area, 'global', 'x'), spaceKey({ ...area, tenant_id: 't_b' }, 'tenant', 'x')]) {
      expect(await follow('nexus://mine', { target: other })).toBe(notThere);
    }
  });

  test.each([
    'nexus://',
    'nexus:///a',
    'nexus://../x',
    'nexus://a/../b',
    'nexus://a/..',
    'nexus://./a',
    'nexus://a//b',
    'nexus://a\\b',
    'nexus://a\0',
    'nexus://a\n',
    `nexus://${'a'.repeat(limits.blobNameBytes + 1)}`,
  ])('%j is refused', async (ref) => {
    expect(await follow(ref)).toBe(forbidden);
  });

  test('takes a name by its letters: encodings are not decoded', async () => {
    for (const ref of ['nexus://%2e%2e/x', 'nexus://folder%2fa b.txt', 'nexus://folder/a%20b.txt']) expect(await follow(ref)).toBe(notThere);
  });
});

describe('an import', () => {
  test.each(['exports/a/one.txt', 'exports/a/deep/two.txt', 'exports/a/with space ä.txt', 'exports/a/..odd', 'exports/everybody/four.txt'])(
    'of %s under an allowed prefix is copied into the space',
    async (path) => {
      expect(await follow(uri(path))).toBe(`text of ${path}`);
    },
  );

  test('follows links and normalises as long as the way ends under the prefix', async () => {
    for (const path of ['exports/a/link-in', 'alias/one.txt']) expect(await follow(uri(path))).toBe('text of exports/a/one.txt');
    expect(await follow(`${uri('exports/a')}/deep/../one.txt`)).toBe('text of exports/a/one.txt');
    expect(await follow(`${uri('exports')}/%61/one.txt`)).toBe('text of exports/a/one.txt');
  });

  test('is fixed at acceptance: a file that changes later does not change what was meant', async () => {
    await put('exports/a/changing.txt', 'before');
    const { location } = await resolveBlobRef(deps, area, key, uri('exports/a/changing.txt'), '');
    await put('exports/a/changing.txt', 'after');
    expect(new TextDecoder().decode(await blobs.getBytes(location))).toBe('before');
  });

  test('is judged by who is calling: another tenant’s prefix is none', async () => {
    const caller = { ...area, tenant_id: 't_b' };
    expect(await follow(uri('exports/a/one.txt'), { caller })).toBe(forbidden);
    expect(await follow(uri('exports/everybody/four.txt'), { caller })).toBe('text of exports/everybody/four.txt');
  });

  test.each([
    ['a folder beside the prefix whose name begins alike', 'exports/ab/three.txt'],
    ['somewhere else', 'secret.txt'],
    ['a link that leads out', 'exports/a/link-out'],
    ['a linked folder that leads out', 'exports/a/folder-out/three.txt'],
    ['a link into the root of a route', 'exports/a/link-to-root/t_b/file'],
    ['the root of a route', 'store/t_b/table'],
    ['the root of a route under the prefix', 'exports/a/root/t_b/file'],
    ['an oddly named file in the root of a route under the prefix', 'exports/a/root/..odd'],
    ['the blobs themselves', 'blobs/t_b/file'],
  ])('of %s is refused', async (_, path) => {
    expect(await follow(uri(path))).toBe(forbidden);
  });

  test('of a link that leads out is not read, whatever stands behind its name', async () => {
    for (const end of ['/', '//', '/.', '/?', '/#', '?', '#', '/..', '/x', '/../link-out/', '%2f', '/%2e']) {
      for (const link of ['link-out', 'link-to-root/t_b/file']) expect([forbidden, notThere]).toContain(await follow(`${uri('exports/a')}/${link}${end}`));
    }
  });

  test('of a way that climbs out is refused, however it is written', async () => {
    const base = uri('exports/a');
    for (const way of [
      '../../secret.txt',
      '%2e%2e/%2e%2e/secret.txt',
      '..%2f..%2fsecret.txt',
      'deep/../../../secret.txt',
      './../../secret.txt',
      '..\\..\\secret.txt',
      '../ab/three.txt',
      '%252e%252e/%252e%252e/secret.txt',
      '../../secret.txt%00.txt',
    ]) {
      expect([forbidden, notThere]).toContain(await follow(`${base}/${way}`));
    }
  });

  test.each(['exports/a/missing.txt', 'exports/a/deep', 'exports/a/one.txt/below'])('of %s, which is no file, says so', async (path) => {
    expect(await follow(uri(path))).toBe(notThere);
  });

  test('of a file that is too large is refused', async () => {
    await put('exports/a/large', 'x'.repeat(limits.blobBytes + 1));
    expect(await follow(uri('exports/a/large'))).toBe(notThere);
  });

  test.each([
    'file:',
    'file://',
    'file:///',
    '/etc/passwd',
    'file://host/etc/passwd',
    'FILE:///etc/passwd',
    'http://127.0.0.1/',
    'gs://bucket/elsewhere/x',
    'gs://bucket/nexus/x',
    's3://b/x',
    'data:,x',
    'javascript:0',
    'x',
    '',
    ' ',
    'nexus:/a',
    'file:///%00',
    'file:///a%0ab',
    '\0',
  ])('%j is refused', async (ref) => {
    expect(await follow(ref)).toBe(forbidden);
  });

  test('with a name that no store takes is refused, not a failure', async () => {
    for (const name of ['a%00b', 'a%0Ab', 'a%5Cb', 'a%7F', 'x'.repeat(300), 'x'.repeat(2000), 'link-to-itself'])
      expect([forbidden, notThere]).toContain(await follow(`${uri('exports/a')}/${name}`));
  });

  test('of anything at all never reaches a secret and never breaks', async () => {
    const step = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2e.',
      '..%2f',
      '..%5c',
      'a',
      'ab',
      'exports',
      'deep',
      'root',
      't_b',
      'file',
      'one.txt',
      'secret.txt',
      'link-out',
      'link-to-root',
      'folder-out',
      'three.txt',
      'store',
      'blobs',
      '',
      '%00',
      '?',
      '#',
      '*',
    );
    const begins = fc.constantFrom('exports/a', 'exports', '', 'alias', 'exports/a/root');
    await fc.assert(
      fc.asyncProperty(begins, fc.array(step, { maxLength: 6 }), async (begin, steps) => {
        const reached = await follow(`${uri(begin)}/${steps.join('/')}`);
        expect(reached).not.toBe(secretText);
        expect(reached).not.toContain('exports/ab');
      }),
      runs(1000),
    );
  });
});
