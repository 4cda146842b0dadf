import { areaOf, type RequestContext, targetSpace } from '../shared/context.ts';
import { NexusError } from '../shared/errors.ts';
import { type Endpoint, type EndpointInput, scopeOf } from '../shared/http/endpoints.ts';
import { preferredRunners, type Registry, requireRoute } from '../shared/routes.ts';
import { type Area, areaPath, spaceKeyText, systemTenant } from '../shared/space-key.ts';

/** Where a request goes: the runners in the order to ask them, and the ids of the matched routes. */
export interface Destination {
  runners: string[];
  routeIds: string[];
}

/** The areas that a request reads or writes, its target first. */
const areasOf = (context: RequestContext, input: EndpointInput): [Area, ...Area[]] => {
  const own = areaOf(context);
  const global = { ...own, tenant_id: systemTenant };
  if (scopeOf(input) === 'global') return [global];
  return (input.body ?? input.query).include_global === true ? [own, global] : [own];
};

/** One text per space, so that a space sticks to a runner; requests about an area stick by area. */
const affinityOf = (context: RequestContext, input: EndpointInput, target: Area): string => {
  const { space_id } = input.params;
  return space_id === undefined ? areaPath(target) : spaceKeyText(targetSpace(context, scopeOf(input), space_id));
};

/**
 * Looks a route up for every resource kind and area that the request needs.
 * @param fallback runners for routes that name none
 * @throws NexusError 503 `<kind>.missing_route`, or `nexus.upstream_unavailable` when there is a route but no runner
 */
export const findDestination = (
  registry: Registry,
  fallback: readonly string[],
  endpoint: Endpoint,
  context: RequestContext,
  input: EndpointInput,
): Destination => {
  const areas = areasOf(context, input);
  const routes = endpoint.routes.flatMap((kind) => areas.map((area) => requireRoute(registry, kind, area)));
  const named = routes.find(({ runners }) => runners !== undefined && runners.length > 0)?.runners;
  const runners = preferredRunners(named ?? fallback, affinityOf(context, input, areas[0]));
  if (runners.length === 0) throw new NexusError('nexus.upstream_unavailable', 'No runner is configured. Name runners on the route, or set NEXUS_RUNNERS.');
  return { runners, routeIds: [...new Set(routes.map(({ id }) => id))] };
};
