import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { mintToken } from '../../client/cli/mint-token.ts';
import type { Secrets } from '../../client/cli/stack-files.ts';
import type { RequestContext } from '../../shared/context.ts';
import { grantHeader, sealGrant } from '../../shared/grant.ts';
import type { Task } from '../../shared/http/tasks.ts';
import { finalStatuses } from '../../shared/task-status.ts';
import { type Answer, type Sending, send } from './send.ts';

/** Where a stack answers, and what it signs with. */
export interface StackAddress {
  edge: string;
  runner: string;
  data: string;
  secrets: Secrets;
}

/** As the flags of `nexus token` have it: lists with commas. */
export interface TokenWish {
  tenant: string;
  project?: string;
  surface?: string;
  env?: string;
  roles?: string;
  subject?: string;
  /** Signed at this moment instead of now, for an hour. */
  atMs?: number;
}

/** A request to the runner itself, with a grant as the edge seals it, whatever the request then says. */
export interface Granted extends Sending {
  context: RequestContext;
  /** What the grant says, where it is to differ from the request. */
  grant?: { method?: string; path?: string; query?: string; routes?: string[]; body?: unknown; atMs?: number; secret?: string };
}

export interface StackCaller extends StackAddress {
  token(wish: TokenWish): Promise<string>;
  call(method: string, path: string, sending?: Sending): Promise<Answer>;
  askRunner(method: string, path: string, granted: Granted): Promise<Answer>;
  /** The task as it ended. @throws when it was not accepted */
  ingestAndWait(token: string, space: string, body: unknown): Promise<Task>;
  waitForTask(token: string, taskId: string): Promise<Task>;
}

export const contextOf = ({ tenant, project = 'p1', surface = 'marketing', env = 'dev', roles = 'writer', subject = 'tester' }: TokenWish): RequestContext => ({
  tenant_id: tenant,
  env,
  project_id: project,
  surface_id: surface,
  subject,
  roles: roles.split(',') as RequestContext['roles'],
});

const bodyHash = (body: unknown): { body_sha256?: string } =>
  body === undefined
    ? {}
    : {
        body_sha256: createHash('sha256')
          .update(body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body))
          .digest('hex'),
      };

const pollMs = 20;

/** Speaks to a stack from outside. */
export const callerOf = (address: StackAddress): StackCaller => {
  const { edge, runner, secrets } = address;

  const call: StackCaller['call'] = (method, path, sending) => send(edge, method, path, sending);

  const waitForTask: StackCaller['waitForTask'] = async (token, taskId) => {
    for (;;) {
      const { status, body, text } = await call('GET', `/nexus/tasks/${taskId}`, { token });
      if (status !== 200) throw new Error(`task ${taskId} answered ${status}: ${text}`);
      if (finalStatuses.includes(body.status)) return body;
      await pause(pollMs);
    }
  };

  return {
    ...address,
    call,
    waitForTask,

    token({ tenant, project = 'p1', surface = 'marketing', env = 'dev', roles = 'writer', subject = 'tester', atMs = Date.now() }) {
      const claims = { sub: subject, tenant_id: tenant, env, project_id: project, surface_id: surface, roles };
      return mintToken(claims, secrets.jwt_secret, atMs, 3_600_000);
    },

    async askRunner(method, path, { context, grant = {}, ...sending }) {
      const [pathname = '', search] = path.split('?');
      const sealed = sealGrant(
        {
          context,
          method: grant.method ?? method,
          path: grant.path ?? pathname,
          query: grant.query ?? (search === undefined ? '' : `?${search}`),
          request_id: 'req_stack_test',
          routes: grant.routes ?? [],
          ...bodyHash('body' in grant ? grant.body : sending.body),
        },
        grant.secret ?? secrets.grant_secret,
        grant.atMs ?? Date.now(),
      );
      return send(runner, method, path, { ...sending, headers: { [grantHeader]: sealed, ...sending.headers } });
    },

    async ingestAndWait(token, space, body) {
      const accepted = await call('POST', `/nexus/spaces/${space}/ingest`, { token, body });
      if (accepted.status !== 202) throw new Error(`ingest answered ${accepted.status}: ${accepted.text}`);
      return waitForTask(token, accepted.body.task_id);
    },
  };
};
