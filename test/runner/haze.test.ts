import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPoints } from '../../runner/haze/read-points.ts';
import { takeSnapshot } from '../../runner/haze/take-snapshot.ts';
import { VersionGoneError } from '../../runner/ports/vector-store.ts';
import { hazeEvent } from '../../shared/events.ts';
import { arrowStream } from '../../shared/http/arrow-stream.ts';
import { hazePointsResponseSchema, hazeSearchResponseSchema } from '../../shared/http/haze.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { type Answer, type Call, caller, type RunningRunner, startRunner } from './running-runner.ts';

/** Three topics that share no words, so that the embedded default embedder keeps them apart. */
const topics = {
  garden: 'tomato seedling compost watering greenhouse pruning trellis mulch beetroot harvest',
  harbour: 'vessel anchor mooring tide lighthouse captain cargo lantern rigging starboard',
  kitchen: 'simmer saucepan butter garlic oven whisk dough cinnamon skillet marinade',
};
type Topic = keyof typeof topics;

const documentsAbout = (topic: Topic, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => {
    const words = topics[topic].split(' ');
    const text = Array.from({ length: 7 }, (_, at) => words[(i * 3 + at * at + 1) % words.length]).join(' ');
    return { id: `${topic}-${from + i}`, text, metadata: { topic, number: from + i, title: `About ${topic} ${from + i}` } };
  });
const allDocuments = (Object.keys(topics) as Topic[]).flatMap((topic) => documentsAbout(topic, 30));

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
  await runner.ingest('topics', { documents: allDocuments });
  expect(await runner.draw('topics')).toMatchObject({ kind: 'haze', status: 'succeeded', counts: { chunks: 90, failed: 0 } });
});
afterAll(() => runner.stop());

const points = (space: string, search = '', call: Call = {}): Promise<Answer> =>
  runner.call('GET', `/nexus/spaces/${space}/haze/points${search}`, undefined, call);
const idsOf = ({ body }: Answer): string[] => body.points.map(({ id }: { id: string }) => id);
const placesOf = ({ body }: Answer): Record<string, unknown> =>
  Object.fromEntries(body.points.map(({ id, x, y, z, cluster }: Record<string, never>) => [id, [x, y, z, cluster]]));

const waitUntil = async (isTrue: () => Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 25));
};

const deleteSpace = async (space: string): Promise<void> => {
  const { body } = await runner.call('DELETE', `/nexus/spaces/${space}`);
  await waitUntil(async () => (await runner.call('GET', `/nexus/tasks/${body.task_id}`)).body.status === 'succeeded');
};

describe('a map', () => {
  test('has one point for each passage, within the unit box, as the schema says', async () => {
    const { status, body } = await points('topics');
    expect(status).toBe(200);
    expect(hazePointsResponseSchema.parse(body)).toEqual(body);
    expect(new Set(body.points.map(({ id }: { id: string }) => id))).toEqual(new Set(allDocuments.map(({ id }) => `${id}#0`)));
    for (const { x, y, z, density } of body.points) {
      for (const at of [x, y, z]) expect(Math.abs(at)).toBeLessThanOrEqual(1);
      expect(density).toBeGreaterThanOrEqual(0);
      expect(density).toBeLessThanOrEqual(1);
    }
    expect(body.snapshot).toMatchObject({ source_scope: 'tenant', version: 1, method: 'pca+umap', points: 90, rows: 90, stale: false });
    const garden = body.points.find(({ id }: { id: string }) => id === 'garden-3#0');
    expect(garden).toMatchObject({
      doc_id: 'garden-3',
      chunk: 0,
      type: 'document',
      source_scope: 'tenant',
      title: 'About garden 3',
      snippet: allDocuments[3]?.text,
    });
  });

  test('lays passages of one topic beside each other', async () => {
    const { body } = await points('topics');
    const topicOf = ({ doc_id }: { doc_id: string }) => doc_id.split('-')[0];
    let same = 0;
    for (const point of body.points) {
      const away = (other: { x: number; y: number; z: number }) => Math.hypot(point.x - other.x, point.y - other.y, point.z - other.z);
      const near = body.points.toSorted((a: typeof point, b: typeof point) => away(a) - away(b)).slice(1, 6);
      same += near.filter((other: typeof point) => topicOf(other) === topicOf(point)).length;
    }
    // By chance it would be a third.
    expect(same / (90 * 5)).toBeGreaterThan(0.9);
  });

  test('has clusters of one topic each, labelled by its words, whose sizes add up', async () => {
    const { body } = await points('topics');
    const words = Object.values(topics).map((text) => new Set(text.split(' ')));
    expect(body.clusters.reduce((sum: number, { points: size }: { points: number }) => sum + size, 0)).toBe(90);
    for (const { terms, label } of body.clusters) {
      expect(label).toBe(terms.slice(0, 3).join(' · '));
      expect(words.some((topic) => terms.every((term: string) => topic.has(term)))).toBe(true);
    }
  });

  test('is the same for the same passages, in whatever order and pieces they came', async () => {
    const shuffled = allDocuments.toSorted((a, b) => (a.text + a.id < b.text + b.id ? -1 : 1));
    await runner.ingest('again', { documents: shuffled.slice(50) });
    await runner.ingest('again', { documents: shuffled.slice(0, 50) });
    await runner.draw('again');
    const [once, again] = [await points('topics'), await points('again')];
    expect(placesOf(again)).toEqual(placesOf(once));
    expect(again.body.clusters).toEqual(once.body.clusters);
    expect(idsOf(again)).toEqual(idsOf(once));
  });

  test('of the version that is drawn already is not drawn again', async () => {
    const before = (await points('topics')).body.snapshot;
    expect(await runner.draw('topics')).toMatchObject({ status: 'succeeded', counts: { chunks: 90 } });
    expect((await points('topics')).body.snapshot).toEqual(before);
  });

  test.each([
    ['one passage', [{ id: 'a', text: 'alone' }]],
    ['vectors of one number', [1, -1, 2].map((value) => ({ id: `v${value}`, vector: [value] }))],
    ['one vector many times', Array.from({ length: 40 }, (_, i) => ({ id: `same${i}`, vector: [0.5, 0.5, 0] }))],
    ['texts without words', ['', '!', 'word'].map((text, i) => ({ id: `t${i}`, text }))],
  ])('of %s has finite places', async (name, documents) => {
    const space = `odd-${name.replaceAll(' ', '-')}`;
    await runner.ingest(space, { documents });
    expect(await runner.draw(space)).toMatchObject({ status: 'succeeded', counts: { chunks: documents.length } });
    const { body } = await points(space);
    expect(body.points).toHaveLength(documents.length);
    for (const { x, y, z } of body.points) expect([x, y, z].every(Number.isFinite)).toBe(true);
  });
});

describe('what a page shows', () => {
  test('pages give every point once, in the order of one large page', async () => {
    const walked: string[] = [];
    let search = '?limit=13';
    for (;;) {
      const page = await points('topics', search);
      walked.push(...idsOf(page));
      if (page.body.next_cursor === null) break;
      search = `?limit=13&cursor=${page.body.next_cursor}`;
    }
    expect(walked).toEqual(idsOf(await points('topics')));
  });

  test("another request's cursor, and one of a map that is drawn anew since, are refused", async () => {
    await runner.ingest('walked', { documents: documentsAbout('garden', 5) });
    await runner.draw('walked');
    const { next_cursor } = (await points('walked', '?limit=2')).body;
    expect((await points('walked', `?limit=3&cursor=${next_cursor}`)).status).toBe(410);
    expect((await points('topics', `?limit=2&cursor=${next_cursor}`)).status).toBe(410);
    await runner.ingest('walked', { documents: documentsAbout('garden', 1, 5) });
    expect((await points('walked', `?limit=2&cursor=${next_cursor}`)).status).toBe(200);
    await runner.draw('walked');
    expect((await points('walked', `?limit=2&cursor=${next_cursor}`)).body.error.code).toBe('nexus.cursor_invalid');
  });

  test('a filter leaves what it finds, a box what lies in it, a field says its values', async () => {
    const filter = encodeURIComponent(JSON.stringify({ topic: 'harbour', number: { lt: 10 } }));
    const filtered = await points('topics', `?filter=${filter}&field=number`);
    expect(filtered.body.points).toHaveLength(10);
    for (const { doc_id, value } of filtered.body.points) expect(doc_id).toBe(`harbour-${value}`);
    const all = (await points('topics')).body.points as { id: string; x: number; y: number; z: number }[];
    const box = [-1, -0.2, -1, 0.1, 1, 0.7] as const;
    const inside = all.filter(({ x, y, z }) => x >= box[0] && x <= box[3] && y >= box[1] && y <= box[4] && z >= box[2] && z <= box[5]);
    expect(inside.length).toBeGreaterThan(0);
    expect(idsOf(await points('topics', `?bbox=${box.join(',')}`))).toEqual(inside.map(({ id }) => id));
  });

  test.each(['1,2,3', 'a,b,c,d,e,f', '1,0,0,0,1,1', '0,0,0,1,1,Infinity'])('the box %s is refused', async (bbox) => {
    const { status, body } = await points('topics', `?bbox=${bbox}`);
    expect([status, body.error.details.issues[0].path]).toEqual([422, 'bbox']);
  });

  test('what is deleted or replaced is not shown, though no new map was drawn', async () => {
    await runner.ingest('changing', { documents: documentsAbout('kitchen', 8) });
    await runner.draw('changing');
    await runner.ingest('changing', { documents: [{ id: 'kitchen-0', text: 'another text' }] });
    const { body: accepted } = await runner.call('DELETE', '/nexus/spaces/changing/documents/kitchen-1');
    await waitUntil(async () => (await runner.call('GET', `/nexus/tasks/${accepted.task_id}`)).body.status === 'succeeded');
    const after = await points('changing');
    expect(idsOf(after).sort()).toEqual([2, 3, 4, 5, 6, 7].map((i) => `kitchen-${i}#0`));
    expect(after.body.snapshot).toMatchObject({ version: 1, stale: true });
    await runner.draw('changing');
    const redrawn = await points('changing');
    expect(idsOf(redrawn).sort()).toEqual([0, 2, 3, 4, 5, 6, 7].map((i) => `kitchen-${i}#0`));
    expect(redrawn.body.snapshot).toMatchObject({ version: 2, stale: false });
  });

  test('measurements that change no fact make it stale, until it is drawn anew', async () => {
    const measurements = Array.from({ length: 10 }, (_, day) => ({ at: `2026-01-${10 + day}`, value: day }));
    const measure = async () => {
      const { body } = await runner.call('POST', '/nexus/spaces/measured/kpi', { metrics: [{ metric: 'visits', measurements }] });
      await waitUntil(async () => (await runner.call('GET', `/nexus/tasks/${body.task_id}`)).body.status === 'succeeded');
    };
    const look = async () => {
      const { body, headers } = await points('measured');
      return { stale: body.snapshot.stale, etag: headers.get('etag') };
    };
    await measure();
    await runner.draw('measured');
    const fresh = await look();
    await measure();
    const stale = await look();
    expect([fresh.stale, stale.stale]).toEqual([false, true]);
    expect(stale.etag).not.toBe(fresh.etag);
    await runner.draw('measured');
    expect((await look()).stale).toBe(false);
  });

  test('an Arrow stream holds the same as JSON', async () => {
    const json = (await points('topics', '?limit=20&field=number')).body;
    const page = await points('topics', '?limit=20&field=number', { headers: { accept: `${arrowStream}, application/json;q=0.1` } });
    expect(page.headers.get('content-type')).toBe(arrowStream);
    const table = tableFromIPC(page.bytes);
    const { points: rows, ...rest } = json;
    expect(JSON.parse(table.schema.metadata.get('nexus.haze') ?? '')).toEqual(rest);
    const read = table.toArray().map((row) => row.toJSON());
    expect(
      read.map(({ id, doc_id, title, snippet, type, source_scope, cluster, value }) => ({ id, doc_id, title, snippet, type, source_scope, cluster, value })),
    ).toEqual(
      rows.map(({ id, doc_id, title, snippet, type, source_scope, cluster, value }: Record<string, unknown>) => ({
        ...{ id, doc_id, title, snippet, type, source_scope, cluster, value },
      })),
    );
    read.forEach(({ x }, index) => {
      expect(x).toBe(rows[index].x);
    });
  });

  test('an unchanged page is not sent twice; another request, form or version is another page', async () => {
    await runner.ingest('tagged', { documents: documentsAbout('garden', 6) });
    await runner.draw('tagged');
    const first = await points('tagged');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    const again = await points('tagged', '', { headers: { 'if-none-match': etag } });
    expect([again.status, again.body]).toEqual([304, '']);
    expect((await points('tagged', '?limit=5', { headers: { 'if-none-match': etag } })).status).toBe(200);
    expect((await points('tagged', '', { headers: { 'if-none-match': etag, accept: arrowStream } })).status).toBe(200);
    await runner.ingest('tagged', { documents: documentsAbout('garden', 1, 6) });
    expect((await points('tagged', '', { headers: { 'if-none-match': etag } })).status).toBe(200);
  });
});

describe('where there is no map yet', () => {
  test('an empty space says so, and starts nothing', async () => {
    const { status, body } = await points('nothing-here');
    expect(status).toBe(200);
    expect(body).toEqual({ snapshot: null, snapshots: [], points: [], clusters: [], next_cursor: null, hint: expect.stringMatching(/Ingest/) });
    expect(await runner.draw('nothing-here')).toMatchObject({ status: 'succeeded', counts: { chunks: 0 } });
  });

  test("a reader is told how to get one; a writer's look starts it, once", async () => {
    await runner.ingest('unseen', { documents: documentsAbout('garden', 4) });
    const read = await points('unseen', '', { context: caller({ roles: ['reader'] }) });
    expect(read.body).toMatchObject({ snapshot: null, points: [], hint: expect.stringMatching(/haze\/snapshot.*writer/) });
    expect(read.body).not.toHaveProperty('task_id');
    const looks = await Promise.all([points('unseen'), points('unseen')]);
    const [{ task_id }] = [looks[0]?.body];
    expect(task_id).toMatch(/^task_/);
    expect(looks[1]?.body.task_id).toBe(task_id);
    await waitUntil(async () => (await runner.call('GET', `/nexus/tasks/${task_id}`)).body.status === 'succeeded');
    expect((await points('unseen')).body.points).toHaveLength(4);
  });
});

describe('a query on the map', () => {
  test('gives its hits with rank and place, and lands among them', async () => {
    const request = { query: 'mooring lighthouse captain', limit: 7 };
    const { status, body } = await runner.call('POST', '/nexus/spaces/topics/haze/points', request);
    expect(status).toBe(200);
    expect(hazeSearchResponseSchema.parse(body)).toEqual(body);
    const { hits } = (await runner.call('POST', '/nexus/spaces/topics/query', request)).body;
    expect(body.points.map(({ id }: { id: string }) => id)).toEqual(hits.map(({ id }: { id: string }) => id));
    const places = placesOf(await points('topics')) as Record<string, number[]>;
    body.points.forEach(({ id, rank, x, y, z, cluster }: Record<string, never>, index: number) => {
      expect(rank).toBe(index + 1);
      expect([x, y, z, cluster]).toEqual(places[id ?? '']);
    });
    const away = ([x, y, z]: number[]) => Math.hypot((x ?? 0) - body.landing.x, (y ?? 0) - body.landing.y, (z ?? 0) - body.landing.z);
    const nearest = Object.entries(places).toSorted(([, a], [, b]) => away(a) - away(b))[0]?.[0];
    expect(nearest).toMatch(/^harbour-/);
  });

  test('a hit that came after the map has no place', async () => {
    await runner.ingest('late', { documents: documentsAbout('garden', 3) });
    await runner.draw('late');
    await runner.ingest('late', { documents: [{ id: 'new', text: 'zeppelin' }] });
    const { body } = await runner.call('POST', '/nexus/spaces/late/haze/points', { query: 'zeppelin', limit: 1 });
    expect(body.points[0]).toMatchObject({ doc_id: 'new', rank: 1, x: null, y: null, z: null, cluster: null });
    expect(body.landing).toBeNull();
  });

  test('a hit that was replaced after the map has no place, and says nothing of what it was', async () => {
    const before = { id: 'same', text: 'a secret that is gone', metadata: { title: 'A title that is gone' } };
    await runner.ingest('replaced-hit', { documents: [before, ...documentsAbout('garden', 3)] });
    await runner.draw('replaced-hit');
    await runner.ingest('replaced-hit', { documents: [{ id: 'same', text: 'zeppelin' }] });
    const { body } = await runner.call('POST', '/nexus/spaces/replaced-hit/haze/points', { query: 'zeppelin', limit: 1, select: ['metadata'] });
    expect(body.points[0]).toMatchObject({ doc_id: 'same', title: 'same', snippet: '', x: null, cluster: null });
    expect(JSON.stringify(body.points)).not.toContain('gone');
  });
});

describe('isolation', () => {
  const marker = 'marker7c1e';
  const [other, elsewhere] = [caller({ tenant_id: 't_b' }), caller({ surface_id: 'health' })];
  /** Of maps that say the marker. */
  const files = () =>
    readdirSync(join(runner.folder, 'blobs'), { recursive: true })
      .map(String)
      .filter((name) => name.includes('haze/points/') && statSync(join(runner.folder, 'blobs', name)).isFile())
      .filter((name) => readFileSync(join(runner.folder, 'blobs', name)).includes(marker));

  test('another tenant, and another surface of the same one, see nothing of a map of the same name', async () => {
    await runner.ingest('private', { documents: [{ id: marker, text: marker, metadata: { title: marker } }] });
    await runner.draw('private');
    expect(idsOf(await points('private'))).toEqual([`${marker}#0`]);
    const etag = (await points('private')).headers.get('etag') ?? '';
    for (const context of [other, elsewhere]) {
      const asked = [
        await points('private', '', { context, headers: { 'if-none-match': etag } }),
        await points('private', '?include_global=true', { context }),
        await runner.call('POST', '/nexus/spaces/private/haze/points', { query: marker }, { context }),
      ];
      for (const { status, body } of asked) {
        expect(status).toBe(200);
        expect(JSON.stringify(body)).not.toContain(marker);
      }
    }
  });

  test('a map lies in its own space alone, and goes with it', async () => {
    await runner.ingest('private', { documents: [{ id: marker, text: marker }] });
    await runner.draw('private');
    expect(files().length).toBeGreaterThan(0);
    for (const name of files()) expect(name).toMatch(/^t_a\/dev\/p1\/marketing\/private\/haze\/points\/[a-z]+_[0-9a-f]+\.map_[0-9a-f]+\.arrow$/);
    // Drawn between the acceptance of the deletion and its turn, as far as a file's time tells.
    for (const name of files()) utimesSync(join(runner.folder, 'blobs', name), new Date(), new Date(Date.now() + 60_000));
    await deleteSpace('private');
    expect(files()).toEqual([]);
    expect((await points('private')).body).toMatchObject({ snapshot: null, points: [] });
  });

  test('a map that is drawn while its space is deleted leaves nothing behind', async () => {
    await runner.ingest('doomed', { documents: [{ id: marker, text: marker }] });
    const { door, snapshots, nowMs } = runner.services;
    const late: typeof snapshots = {
      ...snapshots,
      async publish(...drawn) {
        await deleteSpace('doomed');
        return snapshots.publish(...drawn);
      },
    };
    await expect(takeSnapshot({ door, snapshots: late, nowMs }, spaceKey(caller(), 'tenant', 'doomed'))).rejects.toThrow(VersionGoneError);
    expect(files()).toEqual([]);
  });

  test('a space that is deleted between the look at its map and the page shows nothing', async () => {
    await runner.ingest('vanishing', { documents: [{ id: marker, text: marker }] });
    await runner.draw('vanishing');
    const page = await readPoints(runner.services, caller(), 'vanishing', {}, 'req_test');
    await deleteSpace('vanishing');
    expect(await page.read()).toMatchObject({ snapshot: null, points: [] });
  });

  test('include_global shows both spaces and says which point is whose; without it there is no trace of the global one', async () => {
    const platform = caller({ tenant_id: 't_system', roles: ['system'] });
    await runner.ingest('mixed', { documents: documentsAbout('garden', 12) });
    await runner.ingest('mixed', { documents: documentsAbout('harbour', 6) }, { context: platform });
    await runner.draw('mixed');
    await runner.draw('mixed', { context: platform });
    const both = (await points('mixed', '?include_global=true')).body;
    expect(both.snapshots.map(({ source_scope }: { source_scope: string }) => source_scope)).toEqual(['tenant', 'global']);
    const scopes = Object.groupBy(both.points as { doc_id: string; source_scope: string }[], ({ source_scope }) => source_scope);
    expect(scopes.tenant?.every(({ doc_id }) => doc_id.startsWith('garden')) && scopes.tenant.length).toBe(12);
    expect(scopes.global?.every(({ doc_id }) => doc_id.startsWith('harbour')) && scopes.global.length).toBe(6);
    // A beginning is a fair sample of both.
    const first = (await points('mixed', '?include_global=true&limit=6')).body.points as { source_scope: string }[];
    expect(first.filter(({ source_scope }) => source_scope === 'global')).toHaveLength(2);
    expect(JSON.stringify((await points('mixed')).body)).not.toContain('harbour');
    const search = { query: 'anchor tide', include_global: true, limit: 3 };
    const found = (await runner.call('POST', '/nexus/spaces/mixed/haze/points', search)).body.points;
    expect(found[0]).toMatchObject({ source_scope: 'global', x: expect.any(Number) });
  });

  test('a snapshot of a global space is for the platform alone', async () => {
    const { status, body } = await runner.call('POST', '/nexus/spaces/mixed/haze/snapshot?scope=global');
    expect([status, body.error.code]).toEqual([403, 'nexus.global_write_forbidden']);
    const read = await runner.call('POST', '/nexus/spaces/mixed/haze/snapshot', undefined, { context: caller({ roles: ['reader'] }) });
    expect([read.status, read.body.error.code]).toEqual([403, 'auth.role_required']);
  });
});

describe('by itself', () => {
  test('a space that has grown by enough is drawn, and one that has changed little is not drawn again', async () => {
    const documents = (from: number) => Array.from({ length: 300 }, (_, i) => ({ id: `v${from + i}`, vector: [Math.sin(from + i), Math.cos(i), 1] }));
    await runner.ingest('grows', { documents: documents(0) });
    const reader = { context: caller({ roles: ['reader'] }) };
    await waitUntil(async () => (await points('grows', '', reader)).body.snapshot !== null);
    expect((await points('grows', '', reader)).body.snapshot.points).toBe(300);
    const key = spaceKey(caller(), 'tenant', 'grows');
    await runner.ingest('grows', { documents: [{ id: 'v1', vector: [0, 0, 1] }] });
    await runner.services.events.publish(hazeEvent(key, 'evt_test', Date.now()));
    await runner.ingest('behind', { documents: [{ id: 'a', text: 'a' }] });
    await runner.draw('behind');
    expect((await points('grows', '', reader)).body.snapshot).toMatchObject({ version: 1, stale: true });
  });
});
