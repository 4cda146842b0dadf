import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { timeoutHeader } from '../../shared/grant.ts';
import type { DeleteDocumentsBody, DocumentsQuery } from '../../shared/http/documents.ts';
import type { Endpoint, EndpointId } from '../../shared/http/endpoints.ts';
import { endpointList, honoPath, scopeOf } from '../../shared/http/endpoints.ts';
import type { IngestBody } from '../../shared/http/ingest.ts';
import type { KpiBody } from '../../shared/http/kpi.ts';
import type { QueryRequest } from '../../shared/http/query.ts';
import type { SettingsBody } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { createVisit, type Visit } from '../admission/visit.ts';
import { acceptDeleteDocuments, acceptDeleteSpace } from '../deletes/accept-delete.ts';
import { getDocument, listDocuments } from '../documents/list-documents.ts';
import { acceptSnapshot } from '../haze/accept-snapshot.ts';
import { searchPoints } from '../haze/search-points.ts';
import { acceptIngest } from '../ingest/accept-ingest.ts';
import { acceptKpi } from '../kpi/accept-kpi.ts';
import { runQuery } from '../query/run-query.ts';
import type { Services } from '../services.ts';
import { describeSpace } from '../spaces/describe-space.ts';
import { listSpaces } from '../spaces/list-spaces.ts';
import { putSpace } from '../spaces/put-space.ts';
import type { AcceptanceCall } from '../tasks/acceptance.ts';
import { getTask, listTasks } from '../tasks/read-tasks.ts';
import { getBlob, putBlob } from './blob-handlers.ts';
import { type GrantedCall, grantedCall } from './granted-call.ts';
import { getPoints } from './haze-handlers.ts';
import type { Observed, RunnerEnv } from './observed.ts';

type Handler = (services: Services, call: GrantedCall) => Promise<Response>;

const spaceOf = (call: GrantedCall): string => call.params.space_id ?? '';

/** What makes two requests the same: where they go and every byte they say. */
const fingerprintOf = ({ request, bodySha256 }: GrantedCall): string => {
  const { pathname, search } = new URL(request.url);
  return createHash('sha256').update(`${request.method} ${pathname}${search} ${bodySha256}`).digest('hex');
};

const acceptanceOf = (call: GrantedCall, endpoint: EndpointId): AcceptanceCall => ({
  endpoint,
  fingerprint: fingerprintOf(call),
  requestId: call.requestId,
  idempotencyKey: call.idempotencyKey,
  traceparent: call.traceparent,
});

const accepted = (task: { task_id: string }): Response => Response.json(task, { status: 202, headers: { location: `/nexus/tasks/${task.task_id}` } });

/** Transport is thin: a parsed call in, a verb, an answer out. */
const handlers: Record<EndpointId, Handler> = {
  ingest: async (services, call) => accepted(await acceptIngest(services, call.context, spaceOf(call), call.body as IngestBody, acceptanceOf(call, 'ingest'))),
  kpi: async (services, call) => accepted(await acceptKpi(services, call.context, spaceOf(call), call.body as KpiBody, acceptanceOf(call, 'kpi'))),
  deleteSpace: async (services, call) =>
    accepted(await acceptDeleteSpace(services, call.context, spaceOf(call), scopeOf(call), acceptanceOf(call, 'deleteSpace'))),
  deleteDocuments: async (services, call) =>
    accepted(await acceptDeleteDocuments(services, call.context, spaceOf(call), call.body as DeleteDocumentsBody, acceptanceOf(call, 'deleteDocuments'))),
  async deleteDocument(services, call) {
    const body: DeleteDocumentsBody = { scope: scopeOf(call), doc_ids: [call.params.doc_id ?? ''] };
    return accepted(await acceptDeleteDocuments(services, call.context, spaceOf(call), body, acceptanceOf(call, 'deleteDocument')));
  },
  listDocuments: async (services, call) => Response.json(await listDocuments(services, call.context, spaceOf(call), call.query as DocumentsQuery)),
  getDocument: async (services, call) =>
    Response.json(await getDocument(services, call.context, spaceOf(call), call.params.doc_id ?? '', scopeOf(call), call.query.include === 'text')),
  query: async (services, call) => Response.json(await runQuery(services, call.context, spaceOf(call), call.body as QueryRequest, call.visit)),
  getTask: async (services, call) => Response.json(await getTask(services, call.context, call.params.task_id ?? '')),
  listTasks: async (services, call) => Response.json(await listTasks(services, call.context, call.query)),
  listSpaces: async (services, call) => Response.json(await listSpaces(services, call.context, call.query)),
  putSpace: async (services, call) => Response.json(await putSpace(services, call.context, spaceOf(call), scopeOf(call), call.body as SettingsBody)),
  getSpace: async (services, call) => Response.json(await describeSpace(services, call.context, spaceOf(call), scopeOf(call))),
  hazePoints: getPoints,
  hazeSearch: async (services, call) =>
    Response.json(await searchPoints(services, call.context, spaceOf(call), call.body as QueryRequest, call.requestId, call.visit)),
  hazeSnapshot: async (services, call) =>
    accepted(await acceptSnapshot(services, call.context, spaceOf(call), scopeOf(call), acceptanceOf(call, 'hazeSnapshot'))),
  putBlob,
  getBlob,
  headBlob: getBlob,
};

/** What the edge gives a request, less than its own patience; without it, what the edge would have given. Milliseconds. */
const timeOf = (request: Request, endpoint: Endpoint): number => {
  const most = endpoint.body?.kind === 'stream' ? limits.uploadTimeoutMs : limits.forwardTimeoutMs;
  const given = Number(request.headers.get(timeoutHeader) ?? Number.NaN);
  return given > 0 ? Math.min(given, limits.uploadTimeoutMs) : most;
};

const visitOf = ({ admission }: Services, endpoint: Endpoint, request: Request, observed: Observed): Visit =>
  createVisit({
    gate: endpoint.body?.kind === 'stream' ? admission.uploads : admission.work,
    bodies: admission.bodies,
    clockMs: () => performance.now(),
    deadlineMs: observed.startedMs + timeOf(request, endpoint),
    isGone: () => request.signal.aborted,
    took: (stage, ms) => {
      observed.stages[stage] = (observed.stages[stage] ?? 0) + ms;
    },
  });

/** The API behind a grant. */
export const apiRoutes = (services: Services): Hono<RunnerEnv> => {
  const app = new Hono<RunnerEnv>();
  for (const endpoint of endpointList) {
    if (endpoint.method === 'HEAD') continue; // Hono serves HEAD by the GET route.
    app.on(endpoint.method, honoPath(endpoint.path), async (c) => {
      const { observed } = c.var;
      observed.endpoint = endpoint.id;
      observed.path = endpoint.path;
      const request = c.req.raw;
      const visit = visitOf(services, endpoint, request, observed);
      const work = async (): Promise<Response> => {
        try {
          const call = await grantedCall(services.grants, endpoint, request, c.req.param() as Record<string, string>, { visit, observed });
          return await handlers[endpoint.id as EndpointId](services, call);
        } finally {
          visit.leave();
        }
      };
      return visit.inTime(work());
    });
  }
  return app;
};
