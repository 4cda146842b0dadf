import { z } from 'zod';
import { NexusError } from './errors.ts';
import { type Area, envSchema, projectIdSchema, surfaceIdSchema, tenantIdSchema } from './space-key.ts';

export const NEXUS_STORE = 'nexus_store';
export const NEXUS_BLOB_STORE = 'nexus_blob_store';
export const resourceKinds = [NEXUS_STORE, NEXUS_BLOB_STORE] as const;
export type ResourceKind = (typeof resourceKinds)[number];

const anyOr = (schema: z.ZodType<string>) => z.union([z.literal('*'), schema]).default('*');

const matchSchema = z.strictObject({
  tenant_id: anyOr(tenantIdSchema),
  env: anyOr(envSchema),
  project_id: anyOr(projectIdSchema),
  surface_id: anyOr(surfaceIdSchema),
});

/** A path or a URI of one of the schemes that tables and blobs can live on. Credentials, queries and `..` have no place in it. */
const rootSchema = z
  .string()
  .min(1)
  .refine((root) => /^(file|gs|s3|az):\/\/./.test(root) || !root.includes('://'), 'must be a path or begin with file://, gs://, s3:// or az://')
  .refine((root) => !root.split(/[/\\]/).includes('..') && !root.includes('\0') && !/[?#]/.test(root), 'must not contain .., ?, # or NUL');

const importSchema = z.strictObject({ tenant_id: anyOr(tenantIdSchema), prefix: rootSchema });

const runnersSchema = z.array(z.url({ protocol: /^https?$/ })).optional();
const shared = { id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), match: matchSchema, root: rootSchema, runners: runnersSchema };

export const routeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...shared, kind: z.literal(NEXUS_STORE), backend: z.literal('lancedb') }),
  z.strictObject({ ...shared, kind: z.literal(NEXUS_BLOB_STORE), backend: z.literal('blob'), import: z.array(importSchema).optional() }),
]);
export type Route = z.infer<typeof routeSchema>;
export type StoreRoute = Extract<Route, { kind: typeof NEXUS_STORE }>;
export type BlobRoute = Extract<Route, { kind: typeof NEXUS_BLOB_STORE }>;

const parts = ['tenant_id', 'env', 'project_id', 'surface_id'] as const;
type Match = Route['match'];

/** Tenant weighs most, then env, project, surface: a more specific part outweighs all lesser ones together. */
const specificity = (match: Match): number => parts.reduce((sum, part) => sum * 2 + (match[part] === '*' ? 0 : 1), 0);
const matches = (match: Match, area: Area): boolean => parts.every((part) => match[part] === '*' || match[part] === area[part]);

/** The registry document, read alike by both tiers. Two routes of one kind with the same match would be a tie. */
export const registrySchema = z.strictObject({ routes: z.array(routeSchema) }).superRefine(({ routes }, ctx) => {
  const ids = new Set<string>();
  const seen = new Map<string, string>();
  routes.forEach((route, index) => {
    if (ids.has(route.id)) ctx.addIssue({ code: 'custom', path: ['routes', index, 'id'], message: `the id ${route.id} is used twice` });
    ids.add(route.id);
    const signature = [route.kind, ...parts.map((part) => route.match[part])].join(' ');
    const other = seen.get(signature);
    if (other !== undefined) ctx.addIssue({ code: 'custom', path: ['routes', index, 'match'], message: `matches exactly what route ${other} matches` });
    seen.set(signature, route.id);
  });
});
export type Registry = z.infer<typeof registrySchema>;

/** The most specific route for an area, or undefined. */
export const findRoute = <K extends ResourceKind>(registry: Registry, kind: K, area: Area): Extract<Route, { kind: K }> | undefined => {
  let best: Route | undefined;
  for (const route of registry.routes) {
    if (route.kind !== kind || !matches(route.match, area)) continue;
    if (best === undefined || specificity(route.match) > specificity(best.match)) best = route;
  }
  return best as Extract<Route, { kind: K }> | undefined;
};

export const missingRoute = (kind: ResourceKind): NexusError =>
  new NexusError(`${kind}.missing_route`, `No ${kind} route matches this tenant, env, project and surface. Add one to the routing registry.`, {
    resourceKind: kind,
    retryAfterSeconds: 30,
  });

/** @throws NexusError 503 `<kind>.missing_route` */
export const requireRoute = <K extends ResourceKind>(registry: Registry, kind: K, area: Area): Extract<Route, { kind: K }> => {
  const route = findRoute(registry, kind, area);
  if (route === undefined) throw missingRoute(kind);
  return route;
};

/** FNV-1a with a final mix, 32 bits: spreads runners evenly, the same in every process. */
const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Rendezvous hashing (Thaler, Ravishankar 1998): the runners in the order in which a space prefers them. */
export const preferredRunners = (runners: readonly string[], spaceText: string): string[] =>
  runners
    .map((runner) => ({ runner, weight: hash32(`${runner} ${spaceText}`) }))
    .sort((a, b) => b.weight - a.weight || (a.runner < b.runner ? -1 : 1))
    .map(({ runner }) => runner);
