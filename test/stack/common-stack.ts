import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { CommonStack } from './common-stack-setup.ts';
import type { SeenRequest } from './seeing-proxy.ts';
import { send } from './send.ts';
import { callerOf, type StackCaller } from './stack-caller.ts';

export const newTenant = (): string => `t_${randomBytes(6).toString('hex')}`;

export const newRequestId = (): string => `test-${randomBytes(8).toString('hex')}`;

export interface CommonStackCaller extends StackCaller, CommonStack {
  /** What the runner was asked for one request of env `dev`. */
  seen(requestId: string): Promise<SeenRequest[]>;
}

export const commonStack = (): CommonStackCaller => {
  const address = inject('commonStack');
  return {
    ...address,
    ...callerOf(address),
    seen: async (requestId) => JSON.parse((await send(address.proxy, 'GET', `/seen/${requestId}`)).text),
  };
};
