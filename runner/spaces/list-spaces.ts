import type { z } from 'zod';
import type { RequestContext } from '../../shared/context.ts';
import { endpoints, pagedRequest } from '../../shared/http/endpoints.ts';
import type { spacesQuerySchema, spacesResponseSchema } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import { locateArea, recordsSuffix, spaceIdSchema, spaceKey, systemTenant } from '../../shared/space-key.ts';
import type { Log } from '../ports/log.ts';
import { unlessDamaged } from '../records/json-blob.ts';
import { type NameWalkDeps, nameWalk } from '../records/name-walk.ts';
import { isBlank } from '../records/space-records.ts';
import type { Places } from '../store/spaces.ts';

/** Spaces of one context and scope, by name. A space exists when something was settled for it. */
export const listSpaces = async (
  deps: NameWalkDeps & { places: Places; log: Log },
  context: RequestContext,
  query: z.infer<typeof spacesQuerySchema>,
): Promise<z.infer<typeof spacesResponseSchema>> => {
  const paged = pagedRequest(endpoints.listSpaces, context, { params: {}, query }) ?? { fields: query, locations: [] };
  const walk = nameWalk(deps, endpoints.listSpaces.id, paged);
  const limit = query.limit ?? limits.defaultLimit;
  const area = { ...context, tenant_id: query.scope === 'global' ? systemTenant : context.tenant_id };
  const folders = await deps.places
    .storeBlobs(area)
    .list(locateArea(area).tables, { folders: true, ...(walk.after === undefined ? {} : { after: walk.after }) });
  const names = folders.filter((name) => name.endsWith(recordsSuffix) && spaceIdSchema.safeParse(name.slice(0, -recordsSuffix.length)).success);
  const pageNames = names.slice(0, limit);
  const spaces = await Promise.all(
    pageNames.map(async (name) => {
      const key = spaceKey(area, query.scope ?? 'tenant', name.slice(0, -recordsSuffix.length));
      // One damaged record must not hide all others.
      const damaged = (error: Error) => deps.log.error('spaces.damaged_record', { space_id: key.space_id, error: error.message });
      const settings = await unlessDamaged(deps.places.space(key).records.settings.read(), damaged);
      return settings === undefined || isBlank(settings.value)
        ? undefined
        : { space_id: key.space_id, scope: key.scope, created_at: settings.value.created_at };
    }),
  );
  const last = pageNames.at(-1);
  return { spaces: spaces.filter((space) => space !== undefined), next_cursor: names.length > limit && last !== undefined ? walk.next(last) : null };
};
