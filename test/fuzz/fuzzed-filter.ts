import fc from 'fast-check';
import { filterOps } from '../../shared/filter.ts';

const fields = ['a', 'b', 'tags', 'year', 'doc_id', 'type', 'updated_at', 'no-such.key'] as const;
const scalars = fc.oneof(
  fc.constantFrom('x', 'd1', 'document', '2026-11-20T12:00:00Z', "it's", '%', ''),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.integer({ min: -5, max: 40 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const operands = fc.oneof({ weight: 4, arbitrary: scalars }, fc.array(scalars, { maxLength: 4 }));

/** Filters as the contract writes them: every operator on every kind of field, nested. Types may not fit, which is the runner's to say. */
export const fuzzedFilter: fc.Arbitrary<object> = fc.letrec<{ filter: object }>((tie) => {
  const ops = fc.dictionary(fc.constantFrom(...filterOps), operands, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
  const test = fc.tuple(fc.constantFrom(...fields), fc.oneof(scalars, ops)).map(([field, value]) => ({ [field]: value }));
  const list = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
  return {
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      test,
      list.map((and) => ({ and })),
      list.map((or) => ({ or })),
      tie('filter').map((not) => ({ not })),
    ),
  };
}).filter;
