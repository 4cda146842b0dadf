import { z } from 'zod';
import { limits } from '../limits.ts';
import { scopeSchema } from '../space-key.ts';
import { filterParameterSchema } from './parts.ts';
import { hitSchema } from './query.ts';

/** Haze: a space's map. Every passage is a point in three dimensions; what lies together says alike things. */

/** Two corners of a box. */
export interface Bbox {
  min: [number, number, number];
  max: [number, number, number];
}

const numberPattern = /^-?\d+(\.\d+)?(e-?\d+)?$/i;

const bboxParameter = z
  .string()
  .transform((text, ctx): Bbox => {
    const numbers = text.split(',').map((part) => (numberPattern.test(part.trim()) ? Number(part) : Number.NaN));
    const [x0 = 0, y0 = 0, z0 = 0, x1 = 0, y1 = 0, z1 = 0] = numbers;
    if (numbers.length === 6 && numbers.every(Number.isFinite) && x0 <= x1 && y0 <= y1 && z0 <= z1) return { min: [x0, y0, z0], max: [x1, y1, z1] };
    ctx.addIssue({ code: 'custom', message: 'must be min_x,min_y,min_z,max_x,max_y,max_z, each minimum at most its maximum' });
    return z.NEVER;
  })
  .meta({ description: 'Only points in this box: min_x,min_y,min_z,max_x,max_y,max_z. A map lies within -1 and 1' });

export const hazePointsQuerySchema = z.strictObject({
  scope: scopeSchema.optional(),
  include_global: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  filter: filterParameterSchema.optional().meta({ description: 'JSON, as in a query' }),
  bbox: bboxParameter.optional(),
  field: z.string().min(1).max(64).optional().meta({ description: 'A metadata key: each point carries its `value`' }),
  limit: z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(limits.hazePagePoints)
    .optional()
    .meta({ description: `Default ${limits.hazeFirstPoints}. Points come in an order in which every beginning is a fair sample of the whole` }),
  cursor: z.string().optional(),
});
export type HazePointsQuery = z.infer<typeof hazePointsQuerySchema>;

export const hazePointSchema = z.object({
  id: z.string(),
  doc_id: z.string(),
  chunk: z.number().int(),
  x: z.number(),
  y: z.number(),
  z: z.number(),
  cluster: z.number().int().meta({ description: 'Of the clusters of its own scope' }),
  density: z.number().meta({ description: 'How crowded its place is: 0 to 1' }),
  type: z.string(),
  source_scope: scopeSchema,
  title: z.string(),
  snippet: z.string(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]).optional(),
});
export type HazePoint = z.infer<typeof hazePointSchema>;

export const hazeSnapshotSchema = z.object({
  source_scope: scopeSchema,
  version: z.number().int().meta({ description: 'Counts the snapshots of the space' }),
  created_at: z.string(),
  method: z.string(),
  explained: z.number().nullable().meta({ description: "Share of the vectors' variance along the first three principal axes" }),
  points: z.number().int(),
  rows: z.number().int().meta({ description: 'Passages that the space had; more than `points` when the map is of a sample' }),
  space_version: z.number().int().meta({ description: 'The version of the space that was drawn' }),
  stale: z.boolean().meta({ description: 'The space has changed since. Points of what is gone are left out; what is new has none yet' }),
});
export type HazeSnapshot = z.infer<typeof hazeSnapshotSchema>;

export const hazeClusterSchema = z.object({
  source_scope: scopeSchema,
  cluster: z.number().int(),
  label: z.string(),
  terms: z.array(z.string()),
  points: z.number().int(),
  x: z.number(),
  y: z.number(),
  z: z.number(),
});
export type HazeCluster = z.infer<typeof hazeClusterSchema>;

const shared = {
  snapshot: hazeSnapshotSchema.nullable().meta({ description: "The caller's own space's, else the global one's; null: there is none" }),
  snapshots: z.array(hazeSnapshotSchema).meta({ description: 'One for each scope that is shown' }),
  clusters: z.array(hazeClusterSchema),
  hint: z.string().optional().meta({ description: 'What to do when there is nothing to show' }),
  task_id: z.string().optional().meta({ description: 'The task that is making the first snapshot' }),
};

export const hazePointsResponseSchema = z.object({ ...shared, points: z.array(hazePointSchema), next_cursor: z.string().nullable() });
export type HazePointsResponse = z.infer<typeof hazePointsResponseSchema>;

const place = { x: z.number().nullable(), y: z.number().nullable(), z: z.number().nullable(), cluster: z.number().int().nullable() };

/** A hit and its place on the map; nulls where the map has none for it. */
export const hazeFoundSchema = hitSchema.extend({ rank: z.number().int(), title: z.string(), snippet: z.string(), ...place });
export type HazeFound = z.infer<typeof hazeFoundSchema>;

export const hazeSearchResponseSchema = z.object({
  ...shared,
  landing: z
    .object({ x: z.number(), y: z.number(), z: z.number() })
    .nullable()
    .meta({ description: 'Where the query lies: the mean of its nearest hits, the first weighing most' }),
  points: z.array(hazeFoundSchema),
  took_ms: z.number(),
});
export type HazeSearchResponse = z.infer<typeof hazeSearchResponseSchema>;
