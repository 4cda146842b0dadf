import { join } from 'node:path';
import { messageAttributes } from '../../../shared/events.ts';
import type { Events } from '../../ports/events.ts';
import { spoolClock } from './spool-clock.ts';
import type { SpoolFiles } from './spool-files.ts';

export interface SpoolEventsDeps {
  folder: string;
  files: SpoolFiles;
  /** Called after each publication: delivery need not wait for its next look. */
  wake: () => void;
  nowMs: () => number;
}

/** The embedded event spine: a durable folder. The spool stamps each event, as Pub/Sub does with its publish time. */
export const spoolEvents = ({ folder, files, wake, nowMs }: SpoolEventsDeps): Events => {
  const stamp = spoolClock(join(folder, 'clock'), nowMs);
  return {
    async publish(event) {
      const data = Buffer.from(JSON.stringify(event)).toString('base64');
      await files.put({ seq: stamp(), data, attributes: messageAttributes(event) }, event.data.space.tenant_id);
      wake();
    },
  };
};
