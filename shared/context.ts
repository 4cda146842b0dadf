import { z } from 'zod';
import { type ErrorCode, NexusError } from './errors.ts';
import { type Area, envSchema, projectIdSchema, type Scope, type SpaceKey, spaceKey, surfaceIdSchema, systemTenant, tenantIdSchema } from './space-key.ts';

export const roles = ['reader', 'writer', 'admin', 'system'] as const;
export type Role = (typeof roles)[number];

/** Who is calling, and for what. The edge makes it from a credential; the runner takes it from a grant. */
export const contextSchema = z.strictObject({
  tenant_id: tenantIdSchema,
  env: envSchema,
  project_id: projectIdSchema,
  surface_id: surfaceIdSchema,
  subject: z.string().min(1).max(512),
  roles: z.array(z.enum(roles)),
});
export type RequestContext = Readonly<z.infer<typeof contextSchema>>;

const allowed = z.union([z.string(), z.array(z.string())]).optional();

/** What a credential says, whichever kind it is. A claim that is absent allows nothing to choose from. */
export const credentialSchema = z.object({
  sub: z.string().min(1).max(512),
  tenant_id: tenantIdSchema,
  env: allowed,
  project_id: allowed,
  surface_id: allowed,
  roles: z.array(z.string()).default([]),
});
export type Credential = z.infer<typeof credentialSchema>;

/** The `X-…` headers with which a caller chooses among what the credential allows. */
export interface ContextChoice {
  tenant_id?: string | undefined;
  env?: string | undefined;
  project_id?: string | undefined;
  surface_id?: string | undefined;
}

const chosen = (claim: string | string[] | undefined, wanted: string | undefined, name: string, header: string, schema: z.ZodType<string>): string => {
  if (wanted !== undefined && !schema.safeParse(wanted).success) {
    throw new NexusError('nexus.context_missing', `${header} is not a valid ${name}.`);
  }
  const values = claim === undefined ? [] : Array.isArray(claim) ? claim : [claim];
  const any = values.includes('*');
  if (wanted !== undefined) {
    if (any || values.includes(wanted)) return wanted;
    throw new NexusError('auth.context_forbidden', `This credential does not allow this ${name}. Send ${header} with one that it allows.`);
  }
  const [only] = values;
  if (!any && values.length === 1 && only !== undefined && schema.safeParse(only).success) return only;
  throw new NexusError('nexus.context_missing', `This credential does not name exactly one ${name}. Say which with the header ${header}.`);
};

/**
 * Context selection (contract section 2).
 * @param platform the credential's issuer or key is marked as the platform's: only then may it speak for the system tenant or hold `admin` and `system`
 * @throws NexusError 403 when the choice is not the credential's, 400 when it is left open
 */
export const selectContext = (credential: Credential, choice: ContextChoice, platform: boolean): RequestContext => {
  if (choice.tenant_id !== undefined && choice.tenant_id !== credential.tenant_id) {
    throw new NexusError('auth.tenant_mismatch', 'X-Tenant-Id is not the tenant of this credential. Leave the header out.');
  }
  if (credential.tenant_id === systemTenant && !platform) {
    throw new NexusError('auth.context_forbidden', 'Only a platform credential may speak for the system tenant.');
  }
  const known = roles.filter((role) => credential.roles.includes(role) && (platform || role === 'reader' || role === 'writer'));
  return {
    tenant_id: credential.tenant_id,
    env: chosen(credential.env, choice.env, 'env', 'X-Env', envSchema),
    project_id: chosen(credential.project_id, choice.project_id, 'project_id', 'X-Project-Id', projectIdSchema),
    surface_id: chosen(credential.surface_id, choice.surface_id, 'surface_id', 'X-Surface-Id', surfaceIdSchema),
    subject: credential.sub,
    roles: known,
  };
};

export type Access = 'read' | 'write';

const rolesFor: Record<Access, readonly Role[]> = {
  read: ['reader', 'writer', 'admin', 'system'],
  write: ['writer', 'admin', 'system'],
};
const globalRoles: readonly Role[] = ['admin', 'system'];

const holdsOne = (context: RequestContext, wanted: readonly Role[]): boolean => wanted.some((role) => context.roles.includes(role));

/** @throws NexusError 403 `auth.role_required` */
export const requireRole = (context: RequestContext, access: Access): void => {
  if (holdsOne(context, rolesFor[access])) return;
  const need = access === 'read' ? 'reader' : 'writer';
  throw new NexusError('auth.role_required', `This needs the role ${need}, which the credential does not have.`, { details: { role: need } });
};

const globalForbidden: Record<Access, ErrorCode> = { read: 'nexus.global_read_forbidden', write: 'nexus.global_write_forbidden' };

/** @throws NexusError 403 when the caller asks for `scope=global` without the platform's right to it */
export const requireScope = (context: RequestContext, access: Access, scope: Scope | undefined): void => {
  if (scope !== 'global' || context.tenant_id === systemTenant || holdsOne(context, globalRoles)) return;
  const hint = access === 'read' ? 'Global data is read with include_global=true.' : 'Leave scope out to write to your own space.';
  throw new NexusError(globalForbidden[access], `scope=global needs the role admin or system. ${hint}`);
};

/** The space a request is about. Rights are `requireScope`'s business. */
export const targetSpace = (context: RequestContext, scope: Scope | undefined, spaceId: string): SpaceKey => spaceKey(context, scope ?? 'tenant', spaceId);

export const areaOf = (value: Area): Area => ({ tenant_id: value.tenant_id, env: value.env, project_id: value.project_id, surface_id: value.surface_id });
