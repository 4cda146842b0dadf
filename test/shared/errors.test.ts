import { describe, expect, test } from 'vitest';
import { cursorInvalid, errorAnswer, errorCodes, NexusError, statusOf, toNexusError, validationFailed } from '../../shared/errors.ts';

/** Every code that is promised, with its status. */
const promised = {
  400: ['nexus.malformed_json', 'nexus.context_missing'],
  401: ['auth.unauthenticated'],
  403: ['auth.tenant_mismatch', 'auth.context_forbidden', 'auth.role_required', 'nexus.global_write_forbidden', 'nexus.global_read_forbidden'],
  404: ['nexus.not_found'],
  405: ['nexus.method_not_allowed'],
  409: ['nexus.embedding_mismatch', 'nexus.idempotency_conflict', 'nexus.not_yet_visible'],
  410: ['nexus.cursor_invalid'],
  413: ['nexus.payload_too_large'],
  415: ['nexus.unsupported_media_type'],
  422: ['nexus.validation_failed', 'nexus.filter_unsupported', 'nexus.rerank_unavailable', 'nexus.blob_ref_forbidden'],
  429: ['nexus.rate_limited'],
  500: ['nexus.internal'],
  502: ['nexus.upstream_invalid'],
  503: ['nexus_store.missing_route', 'nexus_blob_store.missing_route', 'nexus.overloaded', 'nexus.upstream_unavailable'],
  504: ['nexus.timeout'],
};
const pairs = Object.entries(promised).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const));

describe('the table of errors', () => {
  test('has every promised code and no other', () => {
    expect([...errorCodes].sort()).toEqual(pairs.map(([code]) => code).sort());
  });

  test.each(pairs)('%s is %i, in status and envelope', (code, status) => {
    const error = new NexusError(code as (typeof errorCodes)[number], 'what to do');
    const answer = errorAnswer(error, 'req_1');
    expect(statusOf(error.code)).toBe(status);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: { code, message: 'what to do', http_status: status, request_id: 'req_1', retryable: error.retryable } });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  test('says that trying again can help for overload, failures of ours and what is not yet visible, and for nothing else', () => {
    const retryable = errorCodes.filter((code) => new NexusError(code, '').retryable);
    expect(retryable.every((code) => statusOf(code) >= 500 || ['nexus.rate_limited', 'nexus.not_yet_visible'].includes(code))).toBe(true);
    expect(errorCodes.filter((code) => statusOf(code) >= 500).every((code) => retryable.includes(code))).toBe(true);
  });
});

describe('the envelope', () => {
  test('carries what the error knows: resource kind, details, when to try again', () => {
    const error = new NexusError('nexus.overloaded', 'Later.', { details: { queue: 3 }, resourceKind: 'nexus_store', retryAfterSeconds: 7 });
    const { headers, body } = errorAnswer(error, 'r');
    expect(headers['retry-after']).toBe('7');
    expect(body.error).toMatchObject({ resource_kind: 'nexus_store', details: { queue: 3 } });
  });

  test('asks for credentials with a 401', () => {
    expect(errorAnswer(new NexusError('auth.unauthenticated', 'Who?'), 'r').headers['www-authenticate']).toBe('Bearer');
  });

  test.each([
    new Error('password=hunter2 at /srv/x'),
    'a thrown text',
    undefined,
    null,
    { code: 'nexus.not_found', status: 404, message: 'hunter2' },
    Object.assign(new Error('hunter2'), { name: 'NexusError' }),
  ])('never tells what is unknown: %o', (thrown) => {
    const { status, body } = errorAnswer(thrown, 'r');
    expect(status).toBe(500);
    expect(body.error.code).toBe('nexus.internal');
    expect(JSON.stringify(body)).not.toMatch(/hunter2|srv|thrown/);
  });

  test('never tells a cause, which is kept for the log', () => {
    const cause = new Error('vendor secret');
    const error = new NexusError('nexus.upstream_unavailable', 'Down.', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(errorAnswer(error, 'r'))).not.toContain('vendor');
    expect(toNexusError(cause).cause).toBe(cause);
    expect(toNexusError(error)).toBe(error);
  });

  test('names the first problem of a bad request in words, and all of them in details', () => {
    const issues = [
      { path: 'documents.0.id', message: 'is too long' },
      { path: '', message: 'x' },
    ];
    const error = validationFailed(issues);
    expect(error).toMatchObject({ code: 'nexus.validation_failed', status: 422, details: { issues } });
    expect(error.message).toContain('documents.0.id: is too long');
    expect(error.message).toContain('1 more');
    expect(validationFailed([{ path: '', message: 'x' }], 'nexus.filter_unsupported').message).toBe('The request is not valid. x');
  });

  test('refuses every cursor in the same words', () => {
    expect(cursorInvalid().message).toBe(cursorInvalid().message);
    expect(errorAnswer(cursorInvalid(), 'r')).toEqual(errorAnswer(cursorInvalid(), 'r'));
  });
});
