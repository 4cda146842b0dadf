import type { NexusEvent } from '../../shared/events.ts';

/** The spine that carries every write. `publish` resolves when the event is durable. */
export interface Events {
  publish(event: NexusEvent): Promise<void>;
}
