import { z } from 'zod';
import { taskErrorSchema } from '../events.ts';
import { scopeSchema, spaceIdSchema } from '../space-key.ts';
import { taskStatuses } from '../task-status.ts';
import { pageQuery } from './parts.ts';

export const taskStatusSchema = z.enum(taskStatuses);
export const taskKindSchema = z.enum(['ingest', 'delete', 'kpi', 'haze']);
export type TaskKind = z.infer<typeof taskKindSchema>;

export const taskCountsSchema = z.object({
  documents: z.number().int(),
  chunks: z.number().int(),
  written: z.number().int(),
  superseded: z.number().int(),
  failed: z.number().int(),
});
export type TaskCounts = z.infer<typeof taskCountsSchema>;

export const taskSchema = z.object({
  task_id: z.string(),
  kind: taskKindSchema,
  space_id: z.string(),
  scope: scopeSchema,
  status: taskStatusSchema,
  counts: taskCountsSchema,
  commit_version: z.number().int().nullable(),
  attempts: z.number().int(),
  errors: z.array(taskErrorSchema),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Task = z.infer<typeof taskSchema>;

export const taskParamsSchema = z.object({ task_id: z.string() });

export const tasksQuerySchema = z.strictObject({ space_id: spaceIdSchema.optional(), status: taskStatusSchema.optional(), ...pageQuery });

export const tasksResponseSchema = z.object({ tasks: z.array(taskSchema), next_cursor: z.string().nullable() });
