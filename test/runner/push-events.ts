import { DELETE_REQUESTED, taskEvent } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { formatMicros } from '../../shared/time.ts';

const area = { tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing' };

/** A push of an event that needs nothing to be there, and leaves its task's result. */
export const deleteEvent = (attributes: Record<string, string> = {}, publishTime = formatMicros(Date.now() * 1000)) => {
  const space = spaceKey(area, 'tenant', 'pushed');
  const task_id = newId('task', Date.now());
  const target = { kind: 'documents' as const, doc_ids: ['d'] };
  const data = { task_id, space, epoch: 0, requested_by: { ...area, subject: 'tester' }, request_id: 'req_1', target };
  const event = taskEvent({ type: DELETE_REQUESTED, data }, Date.now());
  const message = { data: Buffer.from(JSON.stringify(event)).toString('base64'), messageId: '1', publishTime, attributes };
  return { message, subscription: 'projects/nexus-test/subscriptions/events' };
};
