import { maintenanceEvent, messageAttributes } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import type { SpaceKey } from '../../shared/space-key.ts';
import { ask, documentsOf } from './ask.ts';
import type { History, Step, Wish } from './history.ts';
import type { Accepted } from './model.ts';
import type { Deliverer, SpineEvent } from './spine.ts';

/** A space that a history is played on. */
export interface Stage {
  key: SpaceKey;
  feeds: History['feeds'];
  /** Where requests are accepted. */
  origin: string;
  take: (taskId: string) => Promise<SpineEvent>;
  deliverer: Deliverer;
  accepted: Map<string, Accepted>;
  /** Tasks whose events have been acknowledged. */
  succeeded: Set<string>;
  lives: number;
}

const feedOf = ({ feeds, lives }: Stage): 'text' | number => feeds[(lives - 1) % feeds.length] ?? 'text';

const maintenance = (key: SpaceKey, erase: boolean): SpineEvent => {
  const event = maintenanceEvent(key, erase ? 'erase' : undefined, newId('event', Date.now()), Date.now());
  return { message_id: event.id, seq: Date.now() * 1000, data: Buffer.from(JSON.stringify(event)).toString('base64'), attributes: messageAttributes(event) };
};

/** Gets one wish accepted, and writes down what the contract now owes. */
const accept = async (stage: Stage, asked: Exclude<Wish, { kind: 'maintain' }>): Promise<SpineEvent> => {
  const wish = asked.kind === 'delete' && asked.oneByOne ? { ...asked, ids: asked.ids.slice(0, 1) } : asked;
  const documents = documentsOf(wish, `version ${stage.accepted.size}`, feedOf(stage));
  const succeededBefore = new Set(stage.succeeded);
  const { status, body } = await ask(stage.origin, stage.key, wish, documents);
  if (status !== 202) throw new Error(`${wish.kind} answered ${status}: ${JSON.stringify(body)}`);
  const event = await stage.take(body.task_id);
  if (wish.kind === 'delete_space') stage.lives += 1;
  stage.accepted.set(body.task_id, { taskId: body.task_id, seq: event.seq, stamp: event.seq, life: stage.lives, wish, documents, succeededBefore });
  return event;
};

const deliverAll = async (stage: Stage, events: readonly SpineEvent[], width: number): Promise<void> => {
  const waiting = events[Symbol.iterator]();
  const carry = async (): Promise<void> => {
    for (const event of waiting) {
      await stage.deliverer.deliver(event);
      stage.succeeded.add(event.attributes['ce-subject'] ?? '');
    }
  };
  await Promise.all(Array.from({ length: width }, carry));
};

/** Plays a history to its end: everything accepted, every event acknowledged, the late and the repeated ones too. */
export const play = async (stage: Stage, { rounds }: History): Promise<SpineEvent[]> => {
  const events = new Map<Step, SpineEvent>();
  const due: { round: number; place: number; event: SpineEvent }[] = [];
  const running: Promise<void>[] = [];
  const lastRound = rounds.length - 1;

  for (const [number, { steps, width, settles }] of rounds.entries()) {
    for (const step of steps) {
      const event = step.wish.kind === 'maintain' ? maintenance(stage.key, step.wish.erase) : await accept(stage, step.wish);
      events.set(step, event);
      due.push(...step.deliveries.map(({ roundsLater, place }) => ({ round: Math.min(number + roundsLater, lastRound), place, event })));
    }
    const now = due.filter(({ round }) => round === number).sort((a, b) => a.place - b.place);
    const delivering = deliverAll(
      stage,
      now.map(({ event }) => event),
      width,
    );
    // Awaited later: a failure until then must not be an unhandled one.
    delivering.catch(() => undefined);
    running.push(delivering);
    if (settles || number === lastRound) await Promise.all(running);
  }
  await stage.deliverer.quiet();
  return [...events.values()];
};
