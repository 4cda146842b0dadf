import { z } from 'zod';

/** The tenant that owns every global space. */
export const systemTenant = 't_system';

export const tenantIdSchema = z.string().regex(/^t_[a-z0-9][a-z0-9_-]{0,61}$/, 'must be t_ followed by lower-case letters, digits, _ or -');
export const envSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a lower-case word such as dev, staging or prod');
const areaId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be 1 to 63 lower-case letters, digits, _ or -');
export const projectIdSchema = areaId;
export const surfaceIdSchema = areaId;
export const spaceIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'must be 1 to 128 letters, digits, _ or -, and begin with a letter or digit');

export const scopeSchema = z.enum(['tenant', 'global']);
export type Scope = z.infer<typeof scopeSchema>;

/** The parts of a SpaceKey, each safe as a part of a path. */
export const areaSchema = z.object({ tenant_id: tenantIdSchema, env: envSchema, project_id: projectIdSchema, surface_id: surfaceIdSchema });

/** Where one caller's data lives: everything of a SpaceKey but the space itself. */
export interface Area {
  tenant_id: string;
  env: string;
  project_id: string;
  surface_id: string;
}

export const spaceKeySchema = z
  .strictObject({
    scope: scopeSchema,
    tenant_id: tenantIdSchema,
    env: envSchema,
    project_id: projectIdSchema,
    surface_id: surfaceIdSchema,
    space_id: spaceIdSchema,
  })
  .refine((key) => (key.tenant_id === systemTenant) === (key.scope === 'global'), 'scope is global exactly for the system tenant');

/** The only thing that paths, locks, caches, cursors and events are derived from. */
export type SpaceKey = Readonly<z.infer<typeof spaceKeySchema>>;

/** A global scope lies under the system tenant, in the same env, project and surface; all that is the system tenant's is global. */
export const spaceKey = (area: Area, scope: Scope, spaceId: string): SpaceKey => {
  const tenantId = scope === 'global' ? systemTenant : area.tenant_id;
  return spaceKeySchema.parse({
    scope: tenantId === systemTenant ? 'global' : 'tenant',
    tenant_id: tenantId,
    env: area.env,
    project_id: area.project_id,
    surface_id: area.surface_id,
    space_id: spaceId,
  });
};

/** One text per area. */
export const areaPath = (area: Area): string => `${area.tenant_id}/${area.env}/${area.project_id}/${area.surface_id}`;

/** One text per location: for maps, locks and caches. */
export const spaceKeyText = (key: SpaceKey): string => `${areaPath(key)}/${key.space_id}`;

export const sameSpace = (a: SpaceKey, b: SpaceKey): boolean => spaceKeyText(a) === spaceKeyText(b);

/** Locations of one area, relative to the roots of its two routes. */
export const locateArea = (area: Area) => {
  const base = areaPath(area);
  return {
    /** In the store root: the folder that holds the area's tables and their records. */
    tables: base,
    /** In the blob root. `_` cannot begin a space_id, so these never meet a space's folder. */
    tasks: `${base}/_tasks`,
    idempotency: `${base}/_idempotency`,
    deadLetters: `${base}/_dead-letters`,
  };
};

/** In a store root: marks of spaces that something is due for. No tenant id begins with `_`. */
export const locateDue = '_due';

export const tableSuffix = '.lance';
export const recordsSuffix = '.nexus';

/**
 * The one function that turns a SpaceKey into locations, relative to the roots of its two routes. The parts have
 * alphabets without `/` and `.`, so two different keys never meet and none climbs out of its prefix.
 */
export const locate = (key: SpaceKey) => {
  const { tables } = locateArea(key);
  const table = `${tables}/${key.space_id}${tableSuffix}`;
  const records = `${tables}/${key.space_id}${recordsSuffix}`;
  const blobs = `${areaPath(key)}/${key.space_id}`;
  return {
    /** In the store root. */
    tables,
    tableName: key.space_id,
    table,
    records,
    settings: `${records}/settings`,
    head: `${records}/head`,
    lease: `${records}/lease`,
    tombstones: `${records}/tombstones`,
    /** A space_id has no `.`, so no other space's table has this name. */
    measurementsName: `${key.space_id}.kpi`,
    metrics: `${records}/metrics`,
    /** In the blob root. */
    uploads: `${blobs}/uploads`,
    payloads: `${blobs}/payloads`,
    haze: `${blobs}/haze`,
  };
};
export type Locations = ReturnType<typeof locate>;
