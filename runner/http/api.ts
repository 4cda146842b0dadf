import { Hono } from 'hono';
import type { EndpointId } from '../../shared/http/endpoints.ts';
import { endpointList, honoPath, scopeOf } from '../../shared/http/endpoints.ts';
import type { IngestBody } from '../../shared/http/ingest.ts';
import type { QueryRequest } from '../../shared/http/query.ts';
import type { SettingsBody } from '../../shared/http/spaces.ts';
import { acceptIngest } from '../ingest/accept.ts';
import { runQuery } from '../query/run-query.ts';
import type { Services } from '../services.ts';
import { describeSpace } from '../spaces/describe-space.ts';
import { listSpaces } from '../spaces/list-spaces.ts';
import { putSpace } from '../spaces/put-space.ts';
import { getTask, listTasks } from '../tasks/read-tasks.ts';
import { getBlob, putBlob } from './blob-handlers.ts';
import { type GrantedCall, grantedCall } from './granted-call.ts';

type Handler = (services: Services, call: GrantedCall) => Promise<Response>;

const spaceOf = (call: GrantedCall): string => call.params.space_id ?? '';

/** Transport is thin: a parsed call in, a verb, an answer out. */
const handlers: Record<EndpointId, Handler> = {
  async ingest(services, call) {
    const { requestId, bodySha256, idempotencyKey, request } = call;
    const traceparent = request.headers.get('traceparent') ?? undefined;
    const accepted = await acceptIngest(services, call.context, {
      spaceId: spaceOf(call),
      body: call.body as IngestBody,
      bodySha256,
      requestId,
      idempotencyKey,
      traceparent,
    });
    return Response.json(accepted, { status: 202, headers: { location: `/nexus/tasks/${accepted.task_id}` } });
  },
  query: async (services, call) => Response.json(await runQuery(services, call.context, spaceOf(call), call.body as QueryRequest)),
  getTask: async (services, call) => Response.json(await getTask(services, call.context, call.params.task_id ?? '')),
  listTasks: async (services, call) => Response.json(await listTasks(services, call.context, call.query)),
  listSpaces: async (services, call) => Response.json(await listSpaces(services, call.context, call.query)),
  putSpace: async (services, call) => Response.json(await putSpace(services, call.context, spaceOf(call), scopeOf(call), call.body as SettingsBody)),
  getSpace: async (services, call) => Response.json(await describeSpace(services, call.context, spaceOf(call), scopeOf(call))),
  putBlob,
  getBlob,
  headBlob: getBlob,
};

/** The API behind a grant. */
export const apiRoutes = (services: Services): Hono => {
  const app = new Hono();
  for (const endpoint of endpointList) {
    if (endpoint.method === 'HEAD') continue; // Hono serves HEAD by the GET route.
    app.on(endpoint.method, honoPath(endpoint.path), async (c) => {
      const call = await grantedCall(services.grants, endpoint, c.req.raw, c.req.param() as Record<string, string>);
      return handlers[endpoint.id as EndpointId](services, call);
    });
  }
  return app;
};
