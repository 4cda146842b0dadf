import fc from 'fast-check';

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    -1,
    1e308,
    -0,
    2 ** 53,
    true,
    [],
    {},
    [[]],
    [null],
    '\u0000',
    '\ud800',
    '__proto__',
    "' OR 1=1 --",
    '../../x',
    'nexus://../x',
    'NaN',
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.integer({ min: 50, max: 2_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 10, max: 400 }).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ not: inner }), {})),
  fc.integer({ min: 10, max: 400 }).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], [])),
);

/** Goes down by the numbers and puts something else where it ends. */
const replacedAt = (value: unknown, steps: readonly number[], other: unknown): unknown => {
  const [step, ...rest] = steps;
  if (step === undefined || value === null || typeof value !== 'object') return other;
  if (Array.isArray(value))
    return value.length === 0 ? [other] : value.map((item, index) => (index === step % value.length ? replacedAt(item, rest, other) : item));
  const names = Object.keys(value);
  const name = names[step % Math.max(1, names.length)] ?? 'more';
  return { ...value, [name]: replacedAt((value as Record<string, unknown>)[name], rest, other) };
};

const withoutOne = (value: unknown, step: number): unknown => {
  if (value === null || typeof value !== 'object') return undefined;
  const names = Object.keys(value);
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== names[step % Math.max(1, names.length)]));
};

/** A value that is nearly right: one part of it replaced, missing, or too many. */
export const broken = (whole: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.tuple(whole, fc.array(fc.nat(20), { maxLength: 4 }), odd).map(([value, steps, other]) => replacedAt(value, steps, other)),
    fc.tuple(whole, fc.nat(20)).map(([value, step]) => withoutOne(value, step)),
    fc.tuple(whole, fc.string({ maxLength: 10 }), odd).map(([value, name, other]) => ({ ...(value as object), [name]: other })),
    odd,
  );

/** Text with a few characters changed, left out, doubled, or cut off: a token, a cursor, JSON. */
export const damagedText = (whole: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(whole, fc.nat(), fc.constantFrom('change', 'drop', 'double', 'cut', 'swap'), fc.constantFrom(...'Aa0_-.=\u007f{}"'))
    .map(([text, where, how, char]) => {
      const at = where % Math.max(1, text.length);
      const [head, tail] = [text.slice(0, at), text.slice(at)];
      if (how === 'change') return head + char + tail.slice(1);
      if (how === 'drop') return head + tail.slice(1);
      if (how === 'double') return head + tail + tail;
      return how === 'cut' ? head : tail + head;
    });
