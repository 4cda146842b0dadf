import { expect } from 'vitest';
import { type ErrorCode, statusOf } from '../../shared/errors.ts';
import type { Answer } from './send.ts';

/** The one envelope: exactly its fields, with this code, and nothing of the inside in it. */
export const expectRefusal = (answer: Answer, code: ErrorCode): void => {
  const { error } = answer.body ?? {};
  expect([answer.status, error?.code], answer.text.slice(0, 500)).toEqual([statusOf(code), code]);
  expect(error).toEqual({
    code,
    message: expect.stringMatching(/^[A-Za-z].{10,}/),
    http_status: statusOf(code),
    request_id: answer.headers['x-request-id'],
    retryable: expect.any(Boolean),
    ...(error.resource_kind === undefined ? {} : { resource_kind: expect.stringMatching(/^nexus_(blob_)?store$/) }),
    ...(error.details === undefined ? {} : { details: expect.any(Object) }),
  });
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|\/tmp\/|Error:/);
};
