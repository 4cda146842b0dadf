import type { z } from 'zod';
import { requestedBySchema } from '../../shared/events.ts';
import { areaSchema } from '../../shared/space-key.ts';

/** Whose request a damaged event was. */
export interface Salvaged {
  task_id: string;
  requested_by: z.infer<typeof requestedBySchema>;
}

const taskPattern = /"task_id":"(task_[0-9a-f]{32})"/;
const requesterPattern = /"requested_by":(\{[^{}]*\})/;
/** A spool file holds its event in base64. */
const base64Pattern = /"data":"([A-Za-z0-9+/]+)/;

const taskIn = (text: string): Salvaged | undefined => {
  const task_id = taskPattern.exec(text)?.[1];
  const requester = requesterPattern.exec(text)?.[1];
  if (task_id === undefined || requester === undefined) return undefined;
  try {
    const requested_by = requestedBySchema.parse(JSON.parse(requester));
    // These become a path.
    return areaSchema.safeParse(requested_by).success ? { task_id, requested_by } : undefined;
  } catch {
    return undefined;
  }
};

/** Reads what is left of an event, or of the spool file that held it: both begin with whose request it is. */
export const salvageTask = (left: string): Salvaged | undefined => {
  const inner = base64Pattern.exec(left)?.[1];
  return taskIn(left) ?? (inner === undefined ? undefined : taskIn(Buffer.from(inner, 'base64').toString('utf8')));
};
