import fc from 'fast-check';
import { z } from 'zod';
import { type Endpoint, endpointList } from '../../shared/http/endpoints.ts';
import { broken, damagedText } from './broken.ts';
import { fromSchema } from './from-schema.ts';
import { type Credential, fuzzedCredential } from './fuzzed-claims.ts';
import { fuzzedFilter } from './fuzzed-filter.ts';

export interface FuzzedRequest {
  method: string;
  /** With its query string. */
  path: string;
  headers: Record<string, string>;
  body: Uint8Array | undefined;
  credential: Credential;
}

/** What a fuzzer has found out before: cursors that were given to it, tasks of its own. */
export interface Found {
  cursors: string[];
  tasks: string[];
}

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

const segment = (name: string, found: Found): fc.Arbitrary<string> => {
  const known: Record<string, string[]> = {
    space_id: ['s1', 's2', 'empty'],
    doc_id: ['d1', 'd2', 'a/b'],
    name: ['f1', 'f/2', 'f1'],
    task_id: found.tasks,
  };
  return fc.oneof(
    often(
      8,
      fc.constantFrom(...(known[name] ?? ['x'])).map((text) => text.split('/').map(encodeURIComponent).join('/')),
    ),
    often(
      1,
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
    ),
    often(1, fc.constantFrom('%', '%zz', '%00', '..', '%2e%2e', '%2f', 'a%2fb', '', '%ff', 'A'.repeat(300))),
  );
};

const pathOf = (endpoint: Endpoint, found: Found): fc.Arbitrary<string> =>
  fc
    .tuple(
      ...endpoint.path.split('/').map((part) => {
        const name = /^\{(\w+)\}$/.exec(part)?.[1];
        return name === undefined ? fc.constant(part) : segment(name, found);
      }),
    )
    .map((parts) => parts.join('/'));

const asSearch = (fields: unknown): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((fields ?? {}) as object))
    search.append(name, typeof value === 'string' ? value.toWellFormed() : (JSON.stringify(value) ?? ''));
  return search.size === 0 ? '' : `?${search}`;
};

/** Genuine cursors, and nearly genuine ones, where a schema has just any text. */
const withCursor = (fields: fc.Arbitrary<unknown>, found: Found): fc.Arbitrary<unknown> => {
  const cursor = fc.oneof(fc.constantFrom(...found.cursors), damagedText(fc.constantFrom(...found.cursors)));
  return fc.oneof(
    often(3, fields),
    fc.tuple(fields, cursor).map(([value, text]) => (value !== null && typeof value === 'object' ? { ...value, cursor: text } : value)),
  );
};

/** A filter that means something, where the schema takes a filter: a record of anything seldom is one. */
const withFilter = (schema: z.ZodType, fields: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
  if (!Object.hasOwn((z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties ?? {}) as object, 'filter')) return fields;
  return fc.oneof(
    fields,
    fc.tuple(fields, fuzzedFilter).map(([value, filter]) => ({ ...(value as object), filter })),
  );
};

const fieldsOf = (schema: z.ZodType | undefined, found: Found): fc.Arbitrary<unknown> => {
  const whole = schema === undefined ? fc.constant({}) : withFilter(schema, fromSchema(schema));
  return withCursor(fc.oneof(often(3, whole), often(2, broken(whole))), found);
};

const encoder = new TextEncoder();
const bodyOf = (endpoint: Endpoint, found: Found): fc.Arbitrary<Uint8Array | undefined> => {
  if (endpoint.body === undefined) return fc.constant(undefined);
  if (endpoint.body.kind === 'stream') return fc.uint8Array({ maxLength: 300 });
  const text = fieldsOf(endpoint.body.schema, found).map((value) => JSON.stringify(value) ?? '');
  return fc.oneof(
    often(
      12,
      text.map((json) => encoder.encode(json)),
    ),
    damagedText(text).map((json) => encoder.encode(json)),
    fc.uint8Array({ maxLength: 60 }),
  );
};

const mediaTypes = ['application/json', 'application/json; charset=utf-8', 'text/plain', 'application/octet-stream', 'multipart/form-data', 'x'];

const odd = fc.stringMatching(/^[!-~]{0,80}$/);

const ownHeaders = (endpoint: Endpoint): fc.Arbitrary<Record<string, string>> =>
  fc.record(
    {
      'content-type': fc.oneof(often(8, fc.constant('application/json')), fc.constantFrom(...mediaTypes)),
      'idempotency-key': fc.oneof(fc.constantFrom('k1', 'k2'), fc.stringMatching(/^[!-~]{1,300}$/)),
      'x-request-id': fc.stringMatching(/^[ -~]{0,160}$/),
      traceparent: fc.oneof(fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), odd),
      range: fc.constantFrom('bytes=0-9', 'bytes=-5', 'bytes=9-1', 'bytes=0-', 'bytes=99999999999999999999-', 'lines=1-2'),
      'if-none-match': fc.constantFrom('*', '"x"'),
    },
    { requiredKeys: endpoint.body === undefined ? [] : ['content-type'] },
  );

/** Which of its contexts a caller means, and headers that only the edge may send. */
const chosenHeaders: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    'x-env': fc.oneof(fc.constant('dev'), odd),
    'x-project-id': fc.oneof(fc.constant('p1'), odd),
    'x-surface-id': odd,
    'x-tenant-id': fc.oneof(fc.constant('t_a'), odd),
    'x-nexus-timeout-ms': fc.constantFrom('60000', '5', '', '-1', '1e99', 'NaN', '0x10'),
  },
  { requiredKeys: [] },
);

const headersOf = (endpoint: Endpoint): fc.Arbitrary<Record<string, string>> =>
  fc.tuple(ownHeaders(endpoint), fc.oneof(often(9, fc.constant<Record<string, string>>({})), chosenHeaders)).map(([own, chosen]) => ({ ...own, ...chosen }));

/** One request for an endpoint, made from its own schemas: right, nearly right, or not at all. */
export const fuzzedRequest = (found: Found): fc.Arbitrary<FuzzedRequest> =>
  fc.oneof(
    ...endpointList.map((endpoint) =>
      fc.record({
        method: fc.oneof(often(20, fc.constant(endpoint.method)), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')),
        path: fc.tuple(pathOf(endpoint, found), fieldsOf(endpoint.query, found).map(asSearch)).map(([path, search]) => path + search),
        headers: headersOf(endpoint),
        body: bodyOf(endpoint, found),
        credential: fuzzedCredential,
      }),
    ),
  );

/** A push as it might arrive: an envelope and an event, one of them nearly right. */
export const fuzzedPush = (push: z.ZodType, event: z.ZodType): fc.Arbitrary<Uint8Array> => {
  const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64');
  const data = fc.oneof(fromSchema(event).map(base64), broken(fromSchema(event)).map(base64), fc.string());
  const whole = data.map((text) => ({
    message: { data: text, messageId: 'm1', publishTime: '2026-11-20T12:00:00.000001Z', attributes: {} },
    subscription: 's',
    deliveryAttempt: 1,
  }));
  return fc.oneof(often(3, whole), broken(whole), fromSchema(push)).map((value) => encoder.encode(JSON.stringify(value) ?? ''));
};
