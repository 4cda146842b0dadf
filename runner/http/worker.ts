import { Hono } from 'hono';
import { parseJson } from '../../shared/http/parse.ts';
import { limits } from '../../shared/limits.ts';
import { runIngest } from '../ingest/run-ingest.ts';
import type { Services } from '../services.ts';
import { buryEvent } from '../worker/dead-letter.ts';
import { type ReceivedEvent, receivePush } from '../worker/receive.ts';
import { readBody } from './read-body.ts';

const acknowledged = (): Response => new Response(null, { status: 204 });

/** Where the event spine delivers. 204 acknowledges; 429 and 503 ask for another try. */
export const workerRoutes = (services: Services): Hono => {
  const app = new Hono();

  /** A push that is not an event of ours can never succeed: it is logged and acknowledged. */
  const received = async (request: Request): Promise<ReceivedEvent | undefined> => {
    const header = (name: string) => request.headers.get(name) ?? undefined;
    await services.verifyPush({ authorization: header('authorization'), contentType: header('content-type'), origin: header('origin') });
    const push = receivePush(parseJson(await readBody(request, limits.pushBodyBytes)));
    if (!('unreadable' in push)) return push;
    services.log.error('worker.unreadable_push', { reason: push.unreadable });
    return undefined;
  };

  app.post('/worker/events', async (c) => {
    const push = await received(c.req.raw);
    if (push !== undefined) await runIngest(services, push.event.data, push.seq);
    return acknowledged();
  });

  app.post('/worker/dead-letters', async (c) => {
    const push = await received(c.req.raw);
    if (push !== undefined) {
      services.log.error('worker.dead_letter', { task_id: push.event.data.task_id, message_id: push.messageId });
      await buryEvent(services.places, services.nowMs, push);
    }
    return acknowledged();
  });

  return app;
};
