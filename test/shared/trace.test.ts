import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextTrace, parseTraceparent, traceparentOf } from '../../shared/trace.ts';
import { runs } from '../scale.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

describe('a traceparent', () => {
  test('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`cc-${trace}-${span}-01-what-the-future-will-be`)).toEqual({ traceId: trace, spanId: span, flags: '01' });
  });

  test.each([
    ['nothing', undefined],
    ['empty', ''],
    ['version ff', `ff-${trace}-${span}-01`],
    ['upper case', `00-${trace.toUpperCase()}-${span}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${span}-01`],
    ['a step of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['version 00 with more behind it', `00-${trace}-${span}-01-more`],
    ['a digit too many', `00-${trace}0-${span}-01`],
  ])('is as if there were none: %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('comes back from its text as it was', () => {
    const digits = (count: number) => fc.stringMatching(new RegExp(`^[1-9a-f][0-9a-f]{${count - 1}}$`));
    fc.assert(
      fc.property(digits(32), digits(16), fc.stringMatching(/^[0-9a-f]{2}$/), (traceId, spanId, flags) => {
        expect(parseTraceparent(traceparentOf({ traceId, spanId, flags }))).toEqual({ traceId, spanId, flags });
      }),
      runs(100),
    );
  });
});

test('the next step of a trace keeps its id and its flags and has a step of its own', () => {
  const next = nextTrace({ traceId: trace, spanId: span, flags: '01' });
  expect(next).toMatchObject({ traceId: trace, flags: '01' });
  expect(next.spanId).not.toBe(span);
});
