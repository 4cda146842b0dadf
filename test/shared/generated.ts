import fc from 'fast-check';
import { type Area, type SpaceKey, spaceKey } from '../../shared/space-key.ts';

const word = (first: string, rest: string, maxRest: number): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...first), fc.string({ unit: fc.constantFrom(...rest), maxLength: maxRest })).map(([head, tail]) => head + tail);

const lower = 'abz019';
const areaId = (): fc.Arbitrary<string> => fc.oneof(fc.constantFrom('a', 'b', 'a-b', 'a_b'), word(lower, `${lower}_-`, 62));

/** Small alphabets, so that names of one kind often begin alike. */
export const anyArea = (): fc.Arbitrary<Area> =>
  fc.record({
    tenant_id: fc.oneof(
      fc.constantFrom('t_a', 't_ab', 't_a_b', 't_system'),
      areaId().map((id) => `t_${id.slice(0, 62)}`),
    ),
    env: fc.oneof(fc.constantFrom('dev', 'prod', 'd'), word('adz', `${lower}-`, 31)),
    project_id: areaId(),
    surface_id: areaId(),
  });

export const anySpaceId = (): fc.Arbitrary<string> => fc.oneof(fc.constantFrom('a', 'A', 'ab', 'a-b', 'a_tasks'), word('abAB09', 'abAB09_-', 127));

export const anySpaceKey = (): fc.Arbitrary<SpaceKey> =>
  fc.tuple(anyArea(), fc.constantFrom('tenant' as const, 'global' as const), anySpaceId()).map(([area, scope, id]) => spaceKey(area, scope, id));

/** Text meant to climb, to break out, or to be taken for something else. */
export const hostileText = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      '',
      '.',
      '..',
      '../x',
      'a/b',
      '/a',
      'a\\b',
      'a\0',
      '%2e%2e',
      'a%2fb',
      'a.lance',
      '_tasks',
      '_due',
      '-a',
      '__proto__',
      'ａ',
      'É',
      'a ',
      ' a',
      'a\n',
      'a'.repeat(200),
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '2', 'e', 'f', 'a', '_', '\0', '~'), maxLength: 12 }),
  );
