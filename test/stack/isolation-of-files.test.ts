import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commonStack } from './common-stack.ts';
import { importer } from './common-stack-setup.ts';
import { type Neighbours, settleNeighbours } from './neighbours.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer, Sending } from './send.ts';

/** Guarantee 4: tenant A never gets at a file of tenant B, by its name or by any `blob_ref`. */

const stack = commonStack();
let near: Neighbours;
beforeAll(async () => {
  near = await settleNeighbours(stack);
});

const asA = async (method: string, path: string, sending: Sending = {}): Promise<Answer> => {
  const answer = await stack.call(method, path, { token: near.own, ...sending });
  expect(answer.text).not.toContain(near.marker);
  return answer;
};

describe('by file', () => {
  test("B's name: 404 for GET and HEAD", async () => {
    for (const space of ['notes', 'only-of-the-victim']) expectRefusal(await asA('GET', `/nexus/spaces/${space}/blobs/plans.txt`), 'nexus.not_found');
    expect((await asA('HEAD', '/nexus/spaces/notes/blobs/plans.txt')).status).toBe(404);
  });

  test("A's file of the same name is A's own, and B's stays as it was", async () => {
    await asA('PUT', '/nexus/spaces/notes/blobs/plans.txt', { body: 'my own plans', headers: { 'content-type': 'text/plain' } });
    expect((await asA('GET', '/nexus/spaces/notes/blobs/plans.txt')).text).toBe('my own plans');
    expect((await stack.call('GET', '/nexus/spaces/notes/blobs/plans.txt', { token: near.victims })).text).toBe(`plans ${near.marker}`);
  });

  /** Where B's file lies: what an attacker may have found out, and whom it must not help. */
  const inRoot = (): string => join(stack.data, 'blobs', near.victim, 'dev', 'p1', 'marketing', 'notes', 'uploads', 'sha256', near.contentHash);
  const references = (): string[] => {
    const path = inRoot();
    const climbing = `${stack.imports}/../blobs/${path.slice(join(stack.data, 'blobs').length + 1)}`;
    return [
      `nexus://../../../../../${near.victim}/dev/p1/marketing/notes/uploads/sha256/${near.contentHash}`,
      `nexus://..%2F..%2F${near.victim}%2Fdev%2Fp1%2Fmarketing%2Fnotes%2Fuploads%2Fsha256%2F${near.contentHash}`,
      `nexus://${near.victim}/dev/p1/marketing/notes/plans.txt`,
      `nexus://%2e%2e/${near.victim}/plans.txt`,
      `nexus://uploads/sha256/${near.contentHash}`,
      `nexus://sha256/${near.contentHash}`,
      `nexus://${near.contentHash}`,
      'nexus://plans.txt/../plans.txt',
      'nexus://./plans.txt',
      'nexus:///plans.txt',
      `nexus://${near.victim}@notes/plans.txt`,
      path,
      `file://${path}`,
      `file://localhost${path}`,
      `FILE://${path}`,
      `file:${path}`,
      `file:///${path}`,
      `file://${path.replaceAll('/', '%2f')}`,
      `file://${path.replace(near.victim, `./${near.victim}`)}`,
      `file://${climbing}`,
      `file://${climbing.replace('..', '%2e%2e')}`,
      `file://${climbing.replace('/../', '%2f..%2f')}`,
      `file://${stack.imports}/link-to-b`,
      `file://${stack.imports}/folder-of-b/notes/uploads/sha256/${near.contentHash}`,
      `file://${stack.data}/secrets.json`,
      `file://${stack.imports}/../secrets.json`,
      `file://${stack.imports}/link-to-secrets`,
      `gs://bucket/${near.victim}`,
      `${path}\u0000.txt`,
    ];
  };

  test('what the list above takes for B’s file is B’s file', async () => {
    expect(await readdir(join(inRoot(), '..'))).toContain(near.contentHash);
  });

  test.each(['A', 'a tenant that may import'])('no blob_ref of %s names it: 422, whatever its spelling', async (who) => {
    await mkdir(stack.imports, { recursive: true });
    const links = [
      ['link-to-b', inRoot()],
      ['folder-of-b', join(stack.data, 'blobs', near.victim, 'dev', 'p1', 'marketing')],
      ['link-to-secrets', join(stack.data, 'secrets.json')],
    ] as const;
    for (const [name, target] of links) await symlink(target, join(stack.imports, name)).catch(() => undefined);
    const token = who === 'A' ? near.own : await stack.token({ tenant: importer });
    for (const blob_ref of references()) {
      const answer = await asA('POST', '/nexus/spaces/elsewhere/ingest', { token, body: { documents: [{ id: 'stolen', blob_ref }] } });
      expect([answer.status, ['nexus.blob_ref_forbidden', 'nexus.validation_failed'].includes(answer.body.error?.code)], `${blob_ref}: ${answer.text}`).toEqual(
        [422, true],
      );
    }
    expect((await asA('GET', '/nexus/tasks?space_id=elsewhere', { token })).body.tasks).toEqual([]);
  });

  test('a file that may be imported is, by the tenant that may and by no other', async () => {
    await writeFile(join(stack.imports, 'allowed file.txt'), 'opening hours of the importer');
    const body = { documents: [{ id: 'imported', blob_ref: `file://${stack.imports}/allowed%20file.txt` }] };
    expectRefusal(await asA('POST', '/nexus/spaces/imports/ingest', { body }), 'nexus.blob_ref_forbidden');
    const token = await stack.token({ tenant: importer });
    expect((await stack.ingestAndWait(token, 'imports', body)).status).toBe('succeeded');
    const { body: found } = await stack.call('POST', '/nexus/spaces/imports/query', { token, body: { query: 'opening hours' } });
    expect(found.hits[0].text).toBe('opening hours of the importer');
  });
});
