import { afterEach, beforeAll, expect } from 'vitest';
import { type CommonStackCaller, commonStack, newTenant } from './common-stack.ts';
import type { Answer, Sending } from './send.ts';

export const ingestPath = '/nexus/spaces/kept/ingest';
export const queryPath = '/nexus/spaces/kept/query';
export const vectorSpacePath = '/nexus/spaces/vectors';

export interface GuardedSpaces {
  stack: CommonStackCaller;
  tenant: string;
  /** With the tenant's writer token, unless told otherwise. */
  call(method: string, path: string, sending?: Sending): Promise<Answer>;
  post(path: string, body: unknown, sending?: Sending): Promise<Answer>;
}

/** A tenant with spaces in which, after every single test of a file, everything must still be as it was. */
export const guardedSpaces = (): GuardedSpaces => {
  const stack = commonStack();
  const tenant = newTenant();
  let token: string;
  let untouched: unknown;

  const call: GuardedSpaces['call'] = (method, path, sending) => stack.call(method, path, { token, ...sending });

  /** All that a bad request could have changed. */
  const everything = async (): Promise<unknown> => {
    const lists = ['/nexus/spaces?limit=100', '/nexus/tasks?limit=100', '/nexus/spaces/kept', vectorSpacePath, '/nexus/spaces/x'];
    const query = { query: 'kept document', select: ['text', 'metadata', 'vector'], limit: 100 };
    const answers = await Promise.all([...lists.map((path) => call('GET', path)), call('POST', queryPath, { body: query })]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    return answers.map(({ body: { took_ms: _, ...said } }) => said);
  };

  beforeAll(async () => {
    token = await stack.token({ tenant });
    await stack.ingestAndWait(token, 'kept', { documents: [{ id: 'a', text: 'a kept document', metadata: { year: 2024, tags: ['x'] } }] });
    await stack.ingestAndWait(token, 'vectors', { documents: [{ id: 'v', text: 'v', vector: [1, 0, 0] }] });
    untouched = await everything();
  });
  afterEach(async () => {
    expect(await everything()).toEqual(untouched);
  });

  return { stack, tenant, call, post: (path, body, sending) => call('POST', path, { body, ...sending }) };
};

/** Where a refusal says that the problems are. */
export const issuePaths = (answer: Answer): string[] => answer.body.error.details.issues.map(({ path }: { path: string }) => path);
