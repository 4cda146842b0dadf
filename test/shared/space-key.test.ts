import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Area,
  areaPath,
  envSchema,
  locate,
  locateArea,
  locateDue,
  projectIdSchema,
  type SpaceKey,
  sameSpace,
  spaceIdSchema,
  spaceKey,
  spaceKeySchema,
  spaceKeyText,
  surfaceIdSchema,
  systemTenant,
  tenantIdSchema,
} from '../../shared/space-key.ts';
import { runs } from '../scale.ts';
import { anyArea, anySpaceId, anySpaceKey, hostileText } from './generated.ts';

/** Every place of a space, in the root it lies under; without what an area's spaces share on purpose. */
const placesOf = (key: SpaceKey): { store: string[]; blob: string[] } => {
  const { table, records, settings, head, lease, tombstones, uploads, payloads } = locate(key);
  return { store: [table, records, settings, head, lease, tombstones], blob: [uploads, payloads] };
};

const areaPlaces = (area: Area): string[] => {
  const { tasks, idempotency, deadLetters } = locateArea(area);
  return [tasks, idempotency, deadLetters];
};

const meet = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
const anyMeets = (some: readonly string[], others: readonly string[]): boolean => some.some((a) => others.some((b) => meet(a, b)));

describe('isolation is by location', () => {
  test('two different spaces share no place, and neither lies inside the other', () => {
    fc.assert(
      fc.property(anySpaceKey(), anySpaceKey(), (a, b) => {
        fc.pre(!sameSpace(a, b));
        expect(anyMeets(placesOf(a).store, placesOf(b).store)).toBe(false);
        expect(anyMeets(placesOf(a).blob, placesOf(b).blob)).toBe(false);
      }),
      runs(2000),
    );
  });

  test('keys that differ in any one part share no place', () => {
    const other = (value: string): string => (value.endsWith('z') ? `${value.slice(0, -1)}y` : `${value.slice(0, 30)}z`);
    fc.assert(
      fc.property(anySpaceKey(), fc.constantFrom('env', 'project_id', 'surface_id', 'space_id'), (a, part) => {
        const b = { ...a, [part]: other(a[part as 'env']) };
        expect(anyMeets([...placesOf(a).store], placesOf(b).store)).toBe(false);
        expect(anyMeets([...placesOf(a).blob], placesOf(b).blob)).toBe(false);
      }),
      runs(500),
    );
  });

  test('tasks, idempotency keys and dead letters of different areas share no place, and never meet files of a space', () => {
    fc.assert(
      fc.property(anyArea(), anySpaceKey(), (area, key) => {
        expect(anyMeets(areaPlaces(area), placesOf(key).blob)).toBe(false);
        if (areaPath(area) !== areaPath(key)) expect(anyMeets(areaPlaces(area), areaPlaces(key))).toBe(false);
      }),
      runs(1000),
    );
  });

  test('the places of one space are all different', () => {
    fc.assert(
      fc.property(anySpaceKey(), (key) => {
        const { store, blob } = placesOf(key);
        const [table, records, ...inRecords] = store as [string, string, ...string[]];
        expect(meet(table, records)).toBe(false);
        expect(inRecords.every((place) => place.startsWith(`${records}/`))).toBe(true);
        expect(new Set([...store, ...blob]).size).toBe(store.length + blob.length);
      }),
      runs(200),
    );
  });

  test('marks of what is due never meet the data of a tenant', () => {
    fc.assert(
      fc.property(anySpaceKey(), (key) => {
        expect(anyMeets([locateDue], [...placesOf(key).store, ...areaPlaces(key)])).toBe(false);
      }),
      runs(200),
    );
  });

  test('the text of a key is one to one with the key', () => {
    fc.assert(
      fc.property(anySpaceKey(), anySpaceKey(), (a, b) => {
        expect(spaceKeyText(a) === spaceKeyText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      runs(1000),
    );
  });
});

describe('no input climbs out of its prefix', () => {
  test('whatever stands in a key, it is refused or stays one step of the path', () => {
    const part = hostileText();
    const raw = fc.record({
      scope: fc.constantFrom('tenant', 'global'),
      tenant_id: fc.oneof(part, fc.constant('t_a')),
      env: fc.oneof(part, fc.constant('dev')),
      project_id: fc.oneof(part, fc.constant('p')),
      surface_id: fc.oneof(part, fc.constant('s')),
      space_id: fc.oneof(part, anySpaceId()),
    });
    fc.assert(
      fc.property(raw, (value) => {
        const parsed = spaceKeySchema.safeParse(value);
        if (!parsed.success) return;
        const prefix = [value.tenant_id, value.env, value.project_id, value.surface_id].join('/');
        const { store, blob } = placesOf(parsed.data);
        for (const place of [...store, ...blob, ...areaPlaces(parsed.data)]) {
          expect(place).toMatch(/^[A-Za-z0-9_./-]+$/);
          expect(place.split('/').every((step) => step !== '' && step !== '.' && step !== '..')).toBe(true);
          expect(place.startsWith(`${prefix}/`)).toBe(true);
        }
      }),
      runs(1000),
    );
  });

  test.each(['', '.', '..', '../x', 'a/b', '/a', 'a\\b', 'a\0', 'a b', 'a.b', '_a', '-a', 'a%2e', 'é', 'a\n', 'a'.repeat(129)])(
    'the space id %j is refused',
    (id) => {
      expect(spaceIdSchema.safeParse(id).success).toBe(false);
      expect(() => spaceKey({ tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's' }, 'tenant', id)).toThrow();
    },
  );

  test.each(['', 'a', 't_', 'T_a', 't_A', 't__a', 't_a/b', 't_..', `t_${'a'.repeat(63)}`, 't_a\n'])('the tenant id %j is refused', (id) => {
    expect(tenantIdSchema.safeParse(id).success).toBe(false);
  });

  test.each(['', 'Dev', '1dev', 'de_v', '..', 'a'.repeat(33), 'dev\n'])('the env %j is refused', (env) => {
    expect(envSchema.safeParse(env).success).toBe(false);
  });

  test.each(['', 'P', '_p', '-p', 'p/q', 'p.q', 'p'.repeat(64), 'p\n'])('the project and surface id %j is refused', (id) => {
    expect(projectIdSchema.safeParse(id).success).toBe(false);
    expect(surfaceIdSchema.safeParse(id).success).toBe(false);
  });

  test('a key with a field too many is refused', () => {
    const key = { scope: 'tenant', tenant_id: 't_a', env: 'dev', project_id: 'p', surface_id: 's', space_id: 'x' };
    expect(spaceKeySchema.safeParse(key).success).toBe(true);
    expect(spaceKeySchema.safeParse({ ...key, root: '/' }).success).toBe(false);
  });
});

describe('scopes', () => {
  test('a key is global exactly when it is the system tenant’s, whatever scope was asked for', () => {
    fc.assert(
      fc.property(anyArea(), fc.constantFrom('tenant' as const, 'global' as const), anySpaceId(), (area, scope, id) => {
        const key = spaceKey(area, scope, id);
        expect(key.scope === 'global').toBe(key.tenant_id === systemTenant);
        expect(key.tenant_id).toBe(scope === 'global' ? systemTenant : area.tenant_id);
        expect([key.env, key.project_id, key.surface_id, key.space_id]).toEqual([area.env, area.project_id, area.surface_id, id]);
      }),
      runs(300),
    );
  });

  test.each([
    { scope: 'global', tenant_id: 't_a' },
    { scope: 'tenant', tenant_id: systemTenant },
    { scope: 'other', tenant_id: 't_a' },
  ])('the key %o is refused', (over) => {
    expect(spaceKeySchema.safeParse({ env: 'dev', project_id: 'p', surface_id: 's', space_id: 'x', ...over }).success).toBe(false);
  });
});
