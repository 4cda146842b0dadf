import { type RequestContext, requireRole, requireScope, rolesOf, selectContext } from '../shared/context.ts';
import type { Endpoint } from '../shared/http/endpoints.ts';
import type { Scope } from '../shared/space-key.ts';
import type { Caller } from './verify-token.ts';

/** Anything but exactly `global` asks for no right here; whether it is well-formed is judged later. */
export const askedScope = (value: unknown): Scope | undefined => (value === 'global' ? 'global' : undefined);

/**
 * Rights first, then the choice among what the credential allows: a 403 goes before any 400.
 * @throws NexusError 403, 400 `nexus.context_missing`
 */
export const authorise = (endpoint: Endpoint, { credential, platform }: Caller, headers: Headers, query: Record<string, unknown>): RequestContext => {
  const rights = { tenant_id: credential.tenant_id, roles: rolesOf(credential, platform) };
  requireRole(rights, endpoint.access);
  requireScope(rights, endpoint.access, askedScope(query.scope));
  const choice = {
    tenant_id: headers.get('x-tenant-id') ?? undefined,
    env: headers.get('x-env') ?? undefined,
    project_id: headers.get('x-project-id') ?? undefined,
    surface_id: headers.get('x-surface-id') ?? undefined,
  };
  return selectContext(credential, choice, platform);
};
