import { beforeAll, expect, test } from 'vitest';
import { exampleRequest } from '../../ui/example-request.ts';
import type { ApiDocument } from '../../ui/open-api.ts';
import { commonStack, newTenant } from './common-stack.ts';

/** The page of the API shows an example of every operation. They are sent as they stand, in an order in which a person would. */

const stack = commonStack();
let token: string;
let api: ApiDocument;
beforeAll(async () => {
  token = await stack.token({ tenant: newTenant() });
  api = (await stack.call('GET', '/openapi.json')).body as ApiDocument;
});

/** What takes away what the others need comes last, the space at the very end. */
const isLate = (id: string): number => ['deleteDocuments', 'deleteDocument', 'deleteSpace'].indexOf(id) + 1;
/** What others need comes first. */
const isEarly = (id: string): number => ['putSpace', 'putBlob', 'ingest'].indexOf(id) + 1 || 9;

test('every example of every operation works', async () => {
  const operations = Object.entries(api.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    .sort((a, b) => isLate(a.operation.operationId) - isLate(b.operation.operationId) || isEarly(a.operation.operationId) - isEarly(b.operation.operationId));
  let taskId = '';
  const answered: Record<string, number> = {};
  for (const { path, method, operation } of operations) {
    const request = exampleRequest(path, method, operation);
    const filled = (text: string): string => text.replaceAll('$TOKEN', token).replaceAll('$TASK_ID', taskId);
    const body = request.body === undefined ? undefined : 'json' in request.body ? request.body.json : 'Prices are in euros.';
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, filled(value)]));
    const answer = await fetch(`${stack.edge}${filled(request.path)}`, { method: request.method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    const promised = Number(Object.keys(operation.responses).find((status) => status.startsWith('2')));
    expect([operation.operationId, answer.status, answer.status === promised ? '' : text]).toEqual([operation.operationId, promised, '']);
    answered[operation.operationId] = answer.status;
    if (answer.status !== 202) continue;
    taskId = (JSON.parse(text) as { task_id: string }).task_id;
    expect(await stack.waitForTask(token, taskId)).toMatchObject({ status: 'succeeded' });
  }
  expect(Object.keys(answered)).toEqual(expect.arrayContaining(['query', 'ingest', 'mcp', 'hazeSearch', 'deleteSpace']));
});
