import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rerankingOf } from '../../runner/query/reranking.ts';
import { carriedBy, carryVectors, stateOf, vectorsOf } from '../../runner/query/walk-state.ts';
import { type CursorPayload, sealCursor } from '../../shared/cursor.ts';
import { limits } from '../../shared/limits.ts';
import { runs } from '../scale.ts';

const keys = [{ id: 'k1', secret: 'a-secret-that-is-only-for-tests-of-cursors' }];
const pin = { incarnation: `inc_${'a'.repeat(32)}`, version: 1_000_000 };
const payloadWith = (state: Pick<CursorPayload, 'state'>): CursorPayload => ({
  ...{ exp: 1_800_000_000, bind: 'b'.repeat(43), pins: { tenant: pin, global: pin }, position: 1000, given: 'c'.repeat(24) },
  ...state,
});

const unitVector = (dimension: number): fc.Arbitrary<Float32Array> =>
  fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: dimension, maxLength: dimension }).map((numbers) => {
    const norm = Math.hypot(...numbers) || 1;
    return Float32Array.from(numbers, (x) => x / norm);
  });

describe('embedded queries in a cursor', () => {
  test('come back as every page searches with them, however often they are packed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 384, 1536),
        fc.constantFrom(3, 1024, 3072),
        fc.infiniteStream(fc.float({ min: -1, max: 1, noNaN: true })),
        (a, b, stream) => {
          const take = (length: number) => Float32Array.from({ length }, () => stream.next().value as number);
          const carried = carryVectors(
            new Map(
              [
                ['one', take(a)],
                ['two', take(b)],
              ].map(([name, vector]) => [name as string, vector as Float32Array]),
            ),
          );
          const searched = vectorsOf(carried);
          const later = carriedBy(payloadWith(stateOf(carried)));
          expect(later).toEqual(carried);
          expect(vectorsOf(later ?? [])).toEqual(searched);
        },
      ),
      runs(30),
    );
  });

  test('are exact for models of up to 2,000 numbers', () => {
    fc.assert(
      fc.property(unitVector(1536), (vector) => {
        expect(vectorsOf(carryVectors(new Map([['m', vector]]))).get('m')).toEqual(vector);
      }),
      runs(20),
    );
  });

  test.each([
    [3072, 1e-5],
    [4096, 1e-2],
  ])('of %i numbers keep their direction within %d', (dimension, within) => {
    fc.assert(
      fc.property(unitVector(dimension), (vector) => {
        const rounded = vectorsOf(carryVectors(new Map([['m', vector]]))).get('m') ?? new Float32Array();
        const norms = Math.hypot(...vector) * Math.hypot(...rounded);
        if (norms > 0) expect(1 - vector.reduce((sum, x, index) => sum + x * (rounded[index] ?? 0), 0) / norms).toBeLessThan(within);
      }),
      runs(20),
    );
  });

  test.each([
    ['the largest model', [limits.maxDimension]],
    ['the largest model that is carried in two bytes', [4000]],
    ['the largest model that is carried exactly', [2000]],
    ['two models of 3,072 numbers', [3072, 3072]],
  ])('of %s fit a cursor, beside a reranking of the whole window', async (_, dimensions) => {
    const vectors = dimensions.map(
      (length, index) => [`provider/a-model-with-quite-a-long-name-${index}@${length}`, new Float32Array(length).fill(0.3)] as const,
    );
    const offered = Array.from({ length: limits.rerankTopN }, (_, row) => ({
      scope: 'tenant' as const,
      id: `d${row}#0`,
      rowId: BigInt(row),
      score: 1,
      ranks: {},
    }));
    const reranking = rerankingOf(offered, new Map(offered.map((_, place) => [place, Math.sin(place)])));
    const cursor = sealCursor(payloadWith(stateOf(carryVectors(new Map(vectors)), reranking)), keys);
    expect(cursor.length).toBeLessThanOrEqual(limits.cursorBytes);
  });

  test('a first page has none to go by; a later one without them searches without', () => {
    expect(carriedBy(undefined)).toBeUndefined();
    expect(carriedBy(payloadWith({}))).toEqual([]);
  });
});
