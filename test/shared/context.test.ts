import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Credential, credentialSchema, requireRole, requireScope, roles, rolesOf, selectContext, targetSpace } from '../../shared/context.ts';
import { NexusError } from '../../shared/errors.ts';
import { systemTenant } from '../../shared/space-key.ts';
import { runs } from '../scale.ts';

const credential: Credential = { sub: 'ada', tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', roles: ['writer'] };
const context = selectContext(credential, {}, false);

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof NexusError) return error.code;
    throw error;
  }
  return 'none';
};

describe('choosing a context', () => {
  test('nothing need be said when the credential allows one value of each', () => {
    expect(context).toEqual({ tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing', subject: 'ada', roles: ['writer'] });
    expect(selectContext({ ...credential, surface_id: ['marketing'] }, {}, false)).toEqual(context);
  });

  test.each([
    [{ ...credential, surface_id: ['marketing', 'health'] }, { surface_id: 'health' }, { surface_id: 'health' }],
    [{ ...credential, env: '*' }, { env: 'prod' }, { env: 'prod' }],
    [{ ...credential, project_id: ['*'] }, { project_id: 'any' }, { project_id: 'any' }],
    [credential, { tenant_id: 't_a', env: 'dev', project_id: 'p1', surface_id: 'marketing' }, {}],
  ])('a choice that the credential allows is taken: %#', (held, choice, expected) => {
    expect(selectContext(held, choice, false)).toEqual({ ...context, ...expected });
  });

  test.each([
    ['another tenant', credential, { tenant_id: 't_b' }, 'auth.tenant_mismatch'],
    ['an env that is not allowed', credential, { env: 'prod' }, 'auth.context_forbidden'],
    ['a surface out of the list', { ...credential, surface_id: ['marketing', 'health'] }, { surface_id: 'sales' }, 'auth.context_forbidden'],
    ['anything, where the credential names nothing', { ...credential, env: undefined }, { env: 'dev' }, 'auth.context_forbidden'],
    ['nothing, where several are allowed', { ...credential, surface_id: ['marketing', 'health'] }, {}, 'nexus.context_missing'],
    ['nothing, where all are allowed', { ...credential, env: '*' }, {}, 'nexus.context_missing'],
    ['nothing, where none is named', { ...credential, project_id: undefined }, {}, 'nexus.context_missing'],
    ['a text that is no env', { ...credential, env: '*' }, { env: '../prod' }, 'nexus.context_missing'],
    ['a star', { ...credential, env: '*' }, { env: '*' }, 'nexus.context_missing'],
    ['what the credential should never have allowed', { ...credential, env: 'NOT AN ENV' }, {}, 'nexus.context_missing'],
    ['a forbidden and a missing part: 403 comes before 400', { ...credential, env: '*' }, { surface_id: 'sales' }, 'auth.context_forbidden'],
  ])('%s is refused', (_, held, choice, code) => {
    expect(codeOf(() => selectContext(held, choice, false))).toBe(code);
  });

  test('whatever is claimed and chosen, the context is what the credential allows, or there is none', () => {
    const value = fc.constantFrom<string>('dev', 'prod', 'p1', 'marketing', '*', '', '../x', 'Dev', '__proto__');
    const claim = fc.option(fc.oneof(value, fc.array(value, { maxLength: 3 })), { nil: undefined });
    const chosen = fc.option(value, { nil: undefined });
    const parts = ['env', 'project_id', 'surface_id'] as const;
    fc.assert(
      fc.property(
        fc.record({ env: claim, project_id: claim, surface_id: claim }),
        fc.record({ tenant_id: fc.constantFrom(undefined, 't_a', 't_b'), env: chosen, project_id: chosen, surface_id: chosen }),
        (claims, choice) => {
          const held = { ...credential, ...claims };
          let made: ReturnType<typeof selectContext>;
          try {
            made = selectContext(held, choice, false);
          } catch (error) {
            expect(error).toBeInstanceOf(NexusError);
            return;
          }
          expect(made.tenant_id).toBe('t_a');
          for (const part of parts) {
            const allowed = [held[part] ?? []].flat();
            expect(allowed.includes('*') || allowed.includes(made[part])).toBe(true);
            expect(made[part]).toMatch(/^[a-z0-9]+$/);
            if (choice[part] !== undefined) expect(made[part]).toBe(choice[part]);
          }
        },
      ),
      runs(1000),
    );
  });
});

describe('platform rights', () => {
  test('admin, system and unknown roles are dropped from an ordinary issuer’s credential', () => {
    const all = { ...credential, roles: ['system', 'admin', 'writer', 'reader', 'owner', '__proto__'] };
    expect(rolesOf(all, false)).toEqual(['reader', 'writer']);
    expect(rolesOf(all, true)).toEqual(['reader', 'writer', 'admin', 'system']);
  });

  test('only a platform credential speaks for the system tenant', () => {
    const system = { ...credential, tenant_id: systemTenant };
    expect(codeOf(() => selectContext(system, {}, false))).toBe('auth.context_forbidden');
    expect(selectContext(system, {}, true).tenant_id).toBe(systemTenant);
  });

  test('a credential needs a subject and a tenant that can be', () => {
    expect(credentialSchema.safeParse({ sub: 'ada', tenant_id: 't_a' })).toMatchObject({ success: true, data: { roles: [] } });
    for (const bad of [
      { tenant_id: 't_a' },
      { sub: '', tenant_id: 't_a' },
      { sub: 'ada' },
      { sub: 'ada', tenant_id: 'a' },
      { sub: 'ada', tenant_id: ['t_a'] },
    ]) {
      expect(credentialSchema.safeParse(bad).success).toBe(false);
    }
  });
});

describe('rights', () => {
  test.each([
    [[], false, false],
    [['reader'], true, false],
    [['writer'], true, true],
    [['admin'], true, true],
    [['system'], true, true],
    [['reader', 'writer'], true, true],
  ] as const)('the roles %j may read: %s, may write: %s', (held, mayRead, mayWrite) => {
    const rights = { tenant_id: 't_a', roles: [...held] };
    expect(codeOf(() => requireRole(rights, 'read'))).toBe(mayRead ? 'none' : 'auth.role_required');
    expect(codeOf(() => requireRole(rights, 'write'))).toBe(mayWrite ? 'none' : 'auth.role_required');
  });

  test('scope=global is for admin, system and the system tenant; include_global is the way for the others', () => {
    for (const role of roles) {
      const own = role === 'admin' || role === 'system';
      const rights = { tenant_id: 't_a', roles: [role] };
      expect(codeOf(() => requireScope(rights, 'read', 'global'))).toBe(own ? 'none' : 'nexus.global_read_forbidden');
      expect(codeOf(() => requireScope(rights, 'write', 'global'))).toBe(own ? 'none' : 'nexus.global_write_forbidden');
      expect(codeOf(() => requireScope({ ...rights, tenant_id: systemTenant }, 'write', 'global'))).toBe('none');
      for (const scope of [undefined, 'tenant'] as const) expect(codeOf(() => requireScope(rights, 'write', scope))).toBe('none');
    }
  });

  test('the target of scope=global is the space of the same name under the system tenant, in the same env, project and surface', () => {
    expect(targetSpace(context, 'global', 's1')).toEqual({
      scope: 'global',
      tenant_id: systemTenant,
      env: 'dev',
      project_id: 'p1',
      surface_id: 'marketing',
      space_id: 's1',
    });
    expect(targetSpace(context, undefined, 's1')).toMatchObject({ scope: 'tenant', tenant_id: 't_a' });
    expect(targetSpace({ ...context, tenant_id: systemTenant }, undefined, 's1')).toMatchObject({ scope: 'global', tenant_id: systemTenant });
  });
});
