/** Where a task stands; apart from the schemas, so that the client needs no schema library to know when one has ended. */
export const taskStatuses = ['queued', 'running', 'succeeded', 'partial', 'failed'] as const;
export type TaskStatus = (typeof taskStatuses)[number];
export const finalStatuses: readonly TaskStatus[] = ['succeeded', 'partial', 'failed'];
