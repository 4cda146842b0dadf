import { describe, expect, test } from 'vitest';
import { commonStack, newTenant } from './common-stack.ts';
import { expectRefusal } from './refusal.ts';
import type { Answer } from './send.ts';
import { contextOf } from './stack-caller.ts';

/** What a caller may rely on between a 202 and the first hit. */

const stack = commonStack();
const tenant = newTenant();

const ingest = async (space: string, body: unknown, key?: string, wish: object = {}): Promise<Answer> =>
  stack.call('POST', `/nexus/spaces/${space}/ingest`, {
    token: await stack.token({ tenant, ...wish }),
    body,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const ask = async (space: string, body: object): Promise<Answer> =>
  stack.call('POST', `/nexus/spaces/${space}/query`, { token: await stack.token({ tenant }), body });
/** A PNG: no text, whatever it is called. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const taskIdOf = (answer: Answer): string => {
  expect(answer.status, answer.text).toBe(202);
  return answer.body.task_id;
};
const documents = [{ text: 'a document without an id' }, { id: 'named', text: 'a document with an id' }];

describe('202', () => {
  test('names the task, which is there at once and ends', async () => {
    const answer = await ingest('accepted', { documents });
    const taskId = taskIdOf(answer);
    expect(answer.headers.location).toBe(`/nexus/tasks/${taskId}`);
    const token = await stack.token({ tenant });
    expect((await stack.call('GET', `/nexus/tasks/${taskId}`, { token })).status).toBe(200);
    expect(await stack.waitForTask(token, taskId)).toMatchObject({ kind: 'ingest', space_id: 'accepted', scope: 'tenant', status: 'succeeded' });
  });

  test('for documents of which one is bad: that one fails alone, and the task says which and why', async () => {
    const bad = { id: 'bad', content: { media_type: 'text/plain', data_base64: picture } };
    const task = await stack.waitForTask(await stack.token({ tenant }), taskIdOf(await ingest('partial', { documents: [...documents, bad] })));
    expect(task).toMatchObject({ status: 'partial', counts: { documents: 3, written: 2, failed: 1 } });
    expect(task.errors).toEqual([{ doc_id: 'bad', code: expect.stringMatching(/^nexus\./), message: expect.any(String) }]);
  });

  test('for a body that the edge does not read but streams: the same', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ id: `d${i}`, text: `large ${'text '.repeat(1500)} ${i}` }));
    const task = await stack.waitForTask(await stack.token({ tenant }), taskIdOf(await ingest('large', { documents: many })));
    expect(task).toMatchObject({ status: 'succeeded', counts: { documents: 300, written: 300 } });
  });
});

describe('an Idempotency-Key', () => {
  test('repeated with the same body is the same acceptance', async () => {
    const taskId = taskIdOf(await ingest('keyed', { documents }, 'k-1'));
    expect(taskIdOf(await ingest('keyed', { documents }, 'k-1'))).toBe(taskId);
    await stack.waitForTask(await stack.token({ tenant }), taskId);
    expect(taskIdOf(await ingest('keyed', { documents }, 'k-1'))).toBe(taskId);
  });

  test('sent by many at once is one acceptance', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => ingest('keyed-at-once', { documents }, 'k-2')));
    expect(new Set(answers.map(taskIdOf)).size).toBe(1);
    const task = await stack.waitForTask(await stack.token({ tenant }), taskIdOf(answers[0] as Answer));
    expect(task.counts).toMatchObject({ documents: 2, written: 2 });
    expect((await stack.call('GET', '/nexus/tasks?space_id=keyed-at-once', { token: await stack.token({ tenant }) })).body.tasks.length).toBe(1);
  });

  test('with another body is refused: 409, and the other body is not taken', async () => {
    taskIdOf(await ingest('keyed-twice', { documents }, 'k-3'));
    expectRefusal(await ingest('keyed-twice', { documents: [{ id: 'other', text: 'another body' }] }, 'k-3'), 'nexus.idempotency_conflict');
    expect((await stack.call('GET', '/nexus/tasks?space_id=keyed-twice', { token: await stack.token({ tenant }) })).body.tasks.length).toBe(1);
  });

  test('counts for deletes as for ingests', async () => {
    const token = await stack.token({ tenant });
    await stack.ingestAndWait(token, 'keyed-deletes', { documents });
    const remove = (method: string, path: string, body?: unknown, key = `k-${path}`): Promise<Answer> =>
      stack.call(method, `/nexus/spaces/keyed-deletes${path}`, { token, body, headers: { 'idempotency-key': key } });
    for (const [method, path, body] of [
      ['DELETE', '/documents/named', undefined],
      ['POST', '/documents/delete', { doc_ids: ['other'] }],
      ['DELETE', '', undefined],
    ] as const) {
      const taskId = taskIdOf(await remove(method, path, body));
      expect(taskIdOf(await remove(method, path, body))).toBe(taskId);
      expect((await stack.waitForTask(token, taskId)).status).toBe('succeeded');
    }
    expectRefusal(await remove('POST', '/documents/delete', { doc_ids: ['another'] }), 'nexus.idempotency_conflict');
    expect((await stack.call('GET', '/nexus/spaces/keyed-deletes', { token })).body.documents).toBe(0);
  });

  test('is one per space, per context and per tenant', async () => {
    const answers = [
      await ingest('keyed-here', { documents }, 'k-4'),
      await ingest('keyed-there', { documents }, 'k-4'),
      await ingest('keyed-here', { documents }, 'k-4', { surface: 'health' }),
      await ingest('keyed-here', { documents }, 'k-4', { tenant: newTenant() }),
    ];
    expect(new Set(answers.map(taskIdOf)).size).toBe(4);
  });

  test('of a request that was refused is free', async () => {
    expectRefusal(await ingest('keyed-refused', { documents: [{ id: 'a', blob_ref: 'nexus://none' }] }, 'k-5'), 'nexus.validation_failed');
    taskIdOf(await ingest('keyed-refused', { documents }, 'k-5'));
  });

  test('counts also for a body that the edge does not read', async () => {
    const large = { documents: [{ id: 'large', text: 'large '.repeat(400_000) }] };
    const taskId = taskIdOf(await ingest('keyed-large', large, 'k-6'));
    expect(taskIdOf(await ingest('keyed-large', large, 'k-6'))).toBe(taskId);
    expectRefusal(await ingest('keyed-large', { documents: [{ id: 'large', text: 'other '.repeat(400_000) }] }, 'k-6'), 'nexus.idempotency_conflict');
  });
});

describe('after_task', () => {
  test('gives a query what was accepted before it, at once after the 202', async () => {
    for (let i = 0; i < 8; i++) {
      const taskId = taskIdOf(await ingest('read-your-writes', { documents: [{ id: `d${i}`, text: `written just now, ${i}` }] }));
      const { body } = await ask('read-your-writes', { query: 'written', after_task: taskId, limit: 100 });
      expect(body.hits.map(({ doc_id }: { doc_id: string }) => doc_id)).toContain(`d${i}`);
    }
  });

  test('of a task that failed: 409 at once', async () => {
    const taskId = taskIdOf(await ingest('failing', { documents: [{ id: 'bad', content: { media_type: 'text/plain', data_base64: picture } }] }));
    expect((await stack.waitForTask(await stack.token({ tenant }), taskId)).status).toBe('failed');
    const startedMs = performance.now();
    expectRefusal(await ask('failing', { query: 'x', after_task: taskId }), 'nexus.not_yet_visible');
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("that is no task, or another tenant's: 404", async () => {
    const strangers = taskIdOf(await ingest('read-your-writes', { documents }, undefined, { tenant: newTenant() }));
    for (const after_task of [strangers, 'task_00000000000000000000000000000000', '../x', ''])
      expectRefusal(await ask('read-your-writes', { query: 'x', after_task }), 'nexus.not_found');
  });
});

describe('a strong query', () => {
  test('sees every task that had succeeded before it', async () => {
    const token = await stack.token({ tenant });
    for (let i = 0; i < 8; i++) {
      const task = await stack.ingestAndWait(token, 'strong', { documents: [{ id: 'same', text: `version ${i} of a document` }] });
      expect(task.status).toBe('succeeded');
      const { body } = await ask('strong', { query: 'version' });
      expect(body.hits.map(({ text }: { text: string }) => text)).toEqual([`version ${i} of a document`]);
    }
  });

  test('and the runner, asked directly, says the same', async () => {
    const { body } = await stack.askRunner('POST', '/nexus/spaces/strong/query', { context: contextOf({ tenant }), body: { query: 'version' } });
    expect(body.hits.length).toBe(1);
  });
});

describe('files', () => {
  test('are given back as they came, by PUT, HEAD and GET, and ingested by reference', async () => {
    const token = await stack.token({ tenant });
    const bytes = Buffer.from('# Opening hours\n\nThe library opens at nine.\n');
    const headers = { 'content-type': 'text/markdown' };
    const put = await stack.call('PUT', '/nexus/spaces/files/blobs/notes/hours%20%C3%A4.md', { token, body: bytes, headers });
    expect(put.body).toMatchObject({ name: 'notes/hours ä.md', ref: 'nexus://notes/hours ä.md', bytes: bytes.length });
    const got = await stack.call('GET', '/nexus/spaces/files/blobs/notes/hours%20%C3%A4.md', { token });
    expect([got.text, got.headers['content-type'], got.headers.etag]).toEqual([bytes.toString(), 'text/markdown', `"${put.body.sha256}"`]);
    const head = await stack.call('HEAD', '/nexus/spaces/files/blobs/notes/hours%20%C3%A4.md', { token });
    expect([head.status, head.headers['content-length']]).toEqual([200, String(bytes.length)]);
    await stack.ingestAndWait(token, 'files', { documents: [{ id: 'hours', blob_ref: put.body.ref }] });
    const { body } = await ask('files', { query: 'library opens' });
    expect(body.hits[0]).toMatchObject({ doc_id: 'hours', source_scope: 'tenant' });
  });

  test('uploaded anew after the 202 do not change what was accepted', async () => {
    const token = await stack.token({ tenant });
    const put = (text: string) => stack.call('PUT', '/nexus/spaces/fixed/blobs/a.txt', { token, body: text, headers: { 'content-type': 'text/plain' } });
    await put('the first words');
    const taskId = taskIdOf(await ingest('fixed', { documents: [{ id: 'a', blob_ref: 'nexus://a.txt' }] }));
    await put('other words');
    await stack.waitForTask(token, taskId);
    expect((await ask('fixed', { query: 'words' })).body.hits[0].text).toBe('the first words');
  });
});

describe('the text of a document', () => {
  test.each([
    ['with white space at both ends', '\n\n  \tA text.  \n\n'],
    ['of many passages and blank lines', `${'A sentence of a text that is long. '.repeat(200)}\n\n\n${'Another one follows here. '.repeat(200)}\r\n\r\n`],
    ['of more than is read in place', `${'Line after line after line.\n'.repeat(20_000)}\n\u3000\n`],
    ['of letters beyond the basic plane', '𝒜 text 🙂 of 🧑‍🤝‍🧑 people.\u00a0'],
  ])('%s comes back exactly', async (name, text) => {
    const token = await stack.token({ tenant });
    await stack.ingestAndWait(token, 'exact', { documents: [{ id: name, text }] });
    const { body } = await stack.call('GET', `/nexus/spaces/exact/documents/${encodeURIComponent(name)}?include=text`, { token });
    expect(body.text === text, `${JSON.stringify(body.text?.slice(0, 30))}… of ${body.text?.length} characters, not ${text.length}`).toBe(true);
  });
});
