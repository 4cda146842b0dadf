import { Hono } from 'hono';
import { DELETE_REQUESTED, HAZE_REQUESTED, INGEST_REQUESTED, KPI_REQUESTED, MAINTENANCE_REQUESTED } from '../../shared/events.ts';
import { parseJson } from '../../shared/http/parse.ts';
import { limits } from '../../shared/limits.ts';
import { runDelete } from '../deletes/run-delete.ts';
import { runSnapshot } from '../haze/run-snapshot.ts';
import { runIngest } from '../ingest/run-ingest.ts';
import { runKpi } from '../kpi/run-kpi.ts';
import { DamagedRecordError } from '../records/json-blob.ts';
import type { Services } from '../services.ts';
import { buryRequest, failDamaged, isTaskEvent, reopenBuried } from '../worker/dead-letter.ts';
import { type ReceivedEvent, receivePush } from '../worker/receive.ts';
import { runMaintenance } from '../worker/run-maintenance.ts';
import { sweep } from '../worker/sweep.ts';
import { type MessageOutcome, observeMessages } from './observed-messages.ts';
import { readBody } from './read-body.ts';

const acknowledged = (): Response => new Response(null, { status: 204 });

/** Where the event spine delivers. 204 acknowledges; 429 and 503 ask for another try. */
export const workerRoutes = (services: Services): Hono => {
  const app = new Hono();
  const observed = observeMessages(services);
  const countDeadLetter = services.metrics.counter('nexus_dead_letters_total', 'Messages that were tried too often, by type.');

  const verified = (request: Request): Promise<void> => {
    const header = (name: string) => request.headers.get(name) ?? undefined;
    return services.verifyPush({ authorization: header('authorization'), contentType: header('content-type'), origin: header('origin') });
  };

  /** A push that is not an event of ours can never succeed: it is logged and acknowledged, and its task, if known, fails. */
  const received = async (request: Request): Promise<ReceivedEvent | undefined> => {
    await verified(request);
    const push = receivePush(parseJson(await readBody(request, limits.pushBodyBytes)));
    if (!('unreadable' in push)) return push;
    services.log.error('worker.unreadable_push', { reason: push.unreadable, task_id: push.salvaged?.task_id });
    if (push.salvaged !== undefined) await failDamaged(services.places, services.nowMs, push.salvaged);
    return undefined;
  };

  const handle = async ({ event, seq, isReplay }: ReceivedEvent): Promise<void> => {
    if (isReplay && isTaskEvent(event)) await reopenBuried(services.places, services.nowMs, event.data);
    switch (event.type) {
      case INGEST_REQUESTED:
        return runIngest(services, event.data, seq);
      case DELETE_REQUESTED:
        return runDelete(services, event.data, seq);
      case KPI_REQUESTED:
        return runKpi(services, event.data, seq);
      case HAZE_REQUESTED:
        return runSnapshot(services, event.data);
      case MAINTENANCE_REQUESTED:
        return runMaintenance(services, event.data.space, event.data.stage);
    }
  };

  /** What is damaged now is damaged the next time: an operator has to look, and the request's owner is told at once. */
  const giveUp = async ({ event, seq }: ReceivedEvent, error: unknown): Promise<MessageOutcome> => {
    if (!(error instanceof DamagedRecordError)) throw error;
    services.log.error('worker.damaged_record', { type: event.type, id: event.id, error: error.message });
    if (isTaskEvent(event)) await buryRequest(services.places, services.nowMs, event, seq, 'A stored record that this request needs is damaged.');
    return 'given_up';
  };

  app.post('/worker/events', async (c) => {
    const push = await received(c.req.raw);
    if (push === undefined) return acknowledged();
    await services.ending.takeOn(() =>
      services.admission.message(() =>
        observed(push, () =>
          handle(push).then(
            () => 'done' as const,
            (error: unknown) => giveUp(push, error),
          ),
        ),
      ),
    );
    return acknowledged();
  });

  app.post('/worker/dead-letters', async (c) => {
    const push = await received(c.req.raw);
    if (push === undefined) return acknowledged();
    const { event, seq, messageId } = push;
    countDeadLetter(1, { type: event.type });
    services.log.error('worker.dead_letter', { type: event.type, id: event.id, message_id: messageId });
    // Maintenance and maps that are due by themselves have no task to fail: the next commits ask for them again.
    if (isTaskEvent(event)) await buryRequest(services.places, services.nowMs, event, seq, 'The request was tried many times without success.');
    return acknowledged();
  });

  app.post('/worker/sweep', async (c) => {
    await verified(c.req.raw);
    return c.json(await sweep(services));
  });

  return app;
};
