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

const parts = {
  env: { header: 'X-Env', schema: envSchema },
  project_id: { header: 'X-Project-Id', schema: projectIdSchema },
  surface_id: { header: 'X-Surface-Id', schema: surfaceIdSchema },
} as const;
type Part = keyof typeof parts;

const claimed = (credential: Credential, part: Part): readonly string[] => {
  const claim = credential[part];
  return claim === undefined ? [] : Array.isArray(claim) ? claim : [claim];
};

/** A well-formed choice must be one that the credential allows. @throws NexusError 403 */
const requireAllowed = (credential: Credential, choice: ContextChoice, part: Part): void => {
  const wanted = choice[part];
  const { header, schema } = parts[part];
  const values = claimed(credential, part);
  if (wanted === undefined || !schema.safeParse(wanted).success || values.includes('*') || values.includes(wanted)) return;
  throw new NexusError('auth.context_forbidden', `This credential does not allow this ${part}. Send ${header} with one that it allows.`);
};

/** @throws NexusError 400 */
const chosen = (credential: Credential, choice: ContextChoice, part: Part): string => {
  const wanted = choice[part];
  const { header, schema } = parts[part];
  if (wanted !== undefined) {
    if (!schema.safeParse(wanted).success) throw new NexusError('nexus.context_missing', `${header} is not a valid ${part}.`);
    return wanted;
  }
  const values = claimed(credential, part);
  const [only] = values;
  if (values.length === 1 && only !== undefined && schema.safeParse(only).success) return only;
  throw new NexusError('nexus.context_missing', `This credential does not name exactly one ${part}. Say which with the header ${header}.`);
};

/** The known roles of a credential. `admin` and `system` are taken from a platform's issuer or key alone. */
export const rolesOf = (credential: Credential, platform: boolean): Role[] =>
  roles.filter((role) => credential.roles.includes(role) && (platform || role === 'reader' || role === 'writer'));

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
  // Refusals are 403 before 400, whichever part they are about.
  for (const part of Object.keys(parts) as Part[]) requireAllowed(credential, choice, part);
  return {
    tenant_id: credential.tenant_id,
    env: chosen(credential, choice, 'env'),
    project_id: chosen(credential, choice, 'project_id'),
    surface_id: chosen(credential, choice, 'surface_id'),
    subject: credential.sub,
    roles: rolesOf(credential, platform),
  };
};

export type Access = 'read' | 'write';

const rolesFor: Record<Access, readonly Role[]> = {
  read: ['reader', 'writer', 'admin', 'system'],
  write: ['writer', 'admin', 'system'],
};
const globalRoles: readonly Role[] = ['admin', 'system'];

/** What rights are judged by: known before the rest of the context is. */
export type Rights = Pick<RequestContext, 'tenant_id' | 'roles'>;

const holdsOne = (context: Rights, wanted: readonly Role[]): boolean => wanted.some((role) => context.roles.includes(role));

/** @throws NexusError 403 `auth.role_required` */
export const requireRole = (context: Rights, access: Access): void => {
  if (holdsOne(context, rolesFor[access])) return;
  const need = access === 'read' ? 'reader' : 'writer';
  throw new NexusError('auth.role_required', `This needs the role ${need}, which the credential does not have.`, { details: { role: need } });
};

/** Whether a caller may write to its own tenant's spaces. */
export const mayWrite = (context: Rights): boolean => holdsOne(context, rolesFor.write);

const globalForbidden: Record<Access, ErrorCode> = { read: 'nexus.global_read_forbidden', write: 'nexus.global_write_forbidden' };

/** @throws NexusError 403 when the caller asks for `scope=global` without the platform's right to it */
export const requireScope = (context: Rights, access: Access, scope: Scope | undefined): void => {
  if (scope !== 'global' || context.tenant_id === systemTenant || holdsOne(context, globalRoles)) return;
  const hint = access === 'read' ? 'Global data is read with include_global=true.' : 'Leave scope out to write to your own space.';
  throw new NexusError(globalForbidden[access], `scope=global needs the role admin or system. ${hint}`);
};

/** The space a request is about. Rights are `requireScope`'s business. */
export const targetSpace = (context: RequestContext, scope: Scope | undefined, spaceId: string): SpaceKey => spaceKey(context, scope ?? 'tenant', spaceId);

export const areaOf = (value: Area): Area => ({ tenant_id: value.tenant_id, env: value.env, project_id: value.project_id, surface_id: value.surface_id });
