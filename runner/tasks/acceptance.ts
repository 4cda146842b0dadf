import { areaOf, type RequestContext } from '../../shared/context.ts';
import { NexusError } from '../../shared/errors.ts';
import { type TaskRequest, taskEvent } from '../../shared/events.ts';
import type { TaskKind } from '../../shared/http/tasks.ts';
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { locate, type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Events } from '../ports/events.ts';
import { type Acceptance, beginAcceptance } from '../records/idempotency.ts';
import { payloadRef, type TaskOfLife } from '../records/task-files.ts';
import { taskRecords } from '../records/task-records.ts';
import type { Places } from '../store/spaces.ts';

export interface AcceptanceDeps {
  places: Places;
  events: Events;
  nowMs: () => number;
}

/** What the transport knows of a request beside what it asks for. */
export interface AcceptanceCall {
  /** Which endpoint took it; idempotency keys are per endpoint. */
  endpoint: string;
  /** Hex digest of everything the request says: the same again is the same request. */
  fingerprint: string;
  requestId: string;
  idempotencyKey?: string | undefined;
  traceparent?: string | undefined;
}

/** What every accepted request's event carries. */
export type Common = Pick<TaskRequest['data'], 'task_id' | 'space' | 'requested_by' | 'request_id'>;

/** What a request comes to once everything that can be refused has been refused. */
export interface Settled {
  kind: TaskKind;
  /** Documents that the request names. */
  documents: number;
  request: TaskRequest;
  /** What later requests have to see of this one, done when its event is durable. May run twice. */
  afterwards?: () => Promise<void>;
}

/** A runner that takes longer than this to settle a request may have slept, and been given up. Milliseconds. */
const sleptMs = 1_000;

/**
 * Accepts a request: when this returns, it is durable and will end as succeeded, partial or failed.
 * @param settle refuses, or says what to publish; runs again when an unfinished acceptance is repeated
 * @throws NexusError what `settle` throws; 409 `nexus.idempotency_conflict`; 503. Then nothing was accepted
 */
export const acceptRequest = async (
  deps: AcceptanceDeps,
  context: RequestContext,
  space: SpaceKey,
  call: AcceptanceCall,
  settle: (common: Common) => Promise<Settled>,
): Promise<{ task_id: string }> => {
  const area = areaOf(context);
  const blobs = deps.places.blobs(area);
  const acceptance = await begin(deps, blobs, context, space, call);
  const task_id = acceptance.taskId;
  if (acceptance.repeated) return { task_id };
  const begunMs = performance.now();

  let settled: Settled;
  try {
    settled = await settle({ task_id, space, requested_by: { ...area, subject: context.subject }, request_id: call.requestId });
  } catch (error) {
    await acceptance.refused();
    throw error;
  }

  const created_at = new Date(deps.nowMs()).toISOString();
  const tasks = taskRecords(blobs, area, deps.nowMs);
  await tasks.accept({
    task_id,
    kind: settled.kind,
    space_id: space.space_id,
    scope: space.scope,
    documents: settled.documents,
    created_at,
  });
  // What another runner has finished meanwhile must not be published again, in front of what was accepted since.
  if (performance.now() - begunMs > sleptMs && (await acceptance.isAccepted())) return { task_id };
  try {
    await deps.events.publish(taskEvent(settled.request, deps.nowMs(), call.traceparent));
  } catch (cause) {
    // Whether the event is durable is not known: a key stays open for the same request to finish it. Without one, nobody
    // will ever ask for this task, and it must not stand in lists as one that waits.
    if (call.idempotencyKey === undefined) await tasks.forget(task_id).catch(() => undefined);
    throw new NexusError('nexus.upstream_unavailable', 'The event spine did not take the request. Try again with the same Idempotency-Key.', {
      cause,
      retryAfterSeconds: 1,
    });
  }
  await settled.afterwards?.();
  await acceptance.accepted();
  return { task_id };
};

const begin = async (
  deps: AcceptanceDeps,
  blobs: Blobs,
  context: RequestContext,
  space: SpaceKey,
  { endpoint, fingerprint, idempotencyKey }: AcceptanceCall,
): Promise<Acceptance> => {
  const newTaskId = () => newId('task', deps.nowMs());
  if (idempotencyKey === undefined) {
    const nothing = async () => undefined;
    return { taskId: newTaskId(), repeated: false, accepted: nothing, isAccepted: async () => false, refused: nothing };
  }
  const scope = { space: spaceKeyText(space), endpoint, key: idempotencyKey };
  return beginAcceptance({ blobs, nowMs: deps.nowMs, newTaskId }, areaOf(context), scope, fingerprint);
};

/** Half of what an event may carry: base64 and the rest of the event come on top. */
const inlineChars = limits.inlineEventBytes / 2;

/** A small value travels in the event; a larger one is stored in the task's folder, and its name travels. */
export const carry = async <T>(blobs: Blobs, space: SpaceKey, task: TaskOfLife, value: T): Promise<{ inline: T } | { ref: string }> => {
  const text = JSON.stringify(value);
  if (text.length <= inlineChars) return { inline: value };
  const ref = payloadRef(task);
  await blobs.putBytes(`${locate(space).payloads}/${ref}`, new TextEncoder().encode(text));
  return { ref };
};
