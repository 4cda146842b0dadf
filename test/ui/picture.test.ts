import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../runner/haze/project/random.ts';
import { frameOf } from '../../ui/framing.ts';
import { nearOnMap } from '../../ui/near-on-map.ts';
import { createPace } from '../../ui/pace.ts';
import { ScreenIndex } from '../../ui/screen-index.ts';

const random = seededRandom(7);
const cloudOf = (count: number): Float32Array => Float32Array.from({ length: count * 3 }, () => random() * 2 - 1);

describe('the point under the pointer', () => {
  /** Looks along z from a distance of 3: what has w ≤ 0 lies behind the eye. Column by column. */
  const matrix = [1.2, 0, 0, 0, 0, 1.6, 0, 0, 0, 0, -1, -1, 0, 0, 0, 1.5];
  const [width, height] = [800, 500];

  test('is the one that a look at all of them finds', () => {
    const places = cloudOf(3000);
    const index = new ScreenIndex(places, matrix, width, height);
    const onScreen = Array.from({ length: 3000 }, (_, at) => {
      const [x = 0, y = 0, z = 0] = places.subarray(at * 3, at * 3 + 3);
      const depth = 1.5 - z;
      return { left: ((1.2 * x) / depth / 2 + 0.5) * width, top: (0.5 - (1.6 * y) / depth / 2) * height };
    });
    let found = 0;
    for (let round = 0; round < 300; round++) {
      const [left, top] = [random() * width, random() * height];
      const away = onScreen.map((point) => Math.hypot(point.left - left, point.top - top));
      const nearest = away.indexOf(Math.min(...away));
      const picked = index.nearest(left, top, 10);
      if ((away[nearest] ?? 0) > 9.99) continue;
      found += 1;
      expect(away[picked ?? -1]).toBeCloseTo(away[nearest] ?? 0, 2);
    }
    expect(found).toBeGreaterThan(50);
  });

  test('is none where there is none, behind the eye, or beside the picture', () => {
    const behind = new ScreenIndex(Float32Array.of(0, 0, 2), matrix, width, height);
    expect(behind.nearest(400, 250, 10)).toBeUndefined();
    const beside = new ScreenIndex(Float32Array.of(9, 0, 0), matrix, width, height);
    expect(beside.nearest(799, 250, 10)).toBeUndefined();
    expect(new ScreenIndex(new Float32Array(), matrix, width, height).nearest(0, 0, 10)).toBeUndefined();
  });
});

describe('a frame', () => {
  test('is not set by a few points far out', () => {
    const places = cloudOf(1000);
    const without = frameOf(places);
    const far = new Float32Array(places.length + 30).fill(500);
    far.set(places);
    const frame = frameOf(far);
    expect(frame.radius).toBeLessThan(without.radius * 1.2);
    expect(Math.hypot(frame.x, frame.y, frame.z)).toBeLessThan(0.2);
  });

  test('holds what it should: nineteen points of twenty', () => {
    const places = cloudOf(1000);
    const { x, y, z, radius } = frameOf(places);
    const inside = Array.from({ length: 1000 }, (_, at) => Math.hypot((places[at * 3] ?? 0) - x, (places[at * 3 + 1] ?? 0) - y, (places[at * 3 + 2] ?? 0) - z));
    expect(inside.filter((away) => away <= radius + 1e-6).length).toBeGreaterThanOrEqual(950);
  });

  test.each([[[]], [[0.5, 0.5, 0.5]]])('of hardly anything (%j) is one all the same', (places) => {
    const frame = frameOf(Float32Array.from(places));
    expect(Object.values(frame).every(Number.isFinite)).toBe(true);
    expect(frame.radius).toBeGreaterThan(0);
  });
});

test('what lies nearest is what sorting all of it says, of those that are wanted', () => {
  const places = cloudOf(500);
  const from = { x: 0.1, y: -0.2, z: 0.3 };
  const isWanted = (index: number): boolean => index % 3 !== 0;
  const away = (index: number): number =>
    Math.hypot((places[index * 3] ?? 0) - from.x, (places[index * 3 + 1] ?? 0) - from.y, (places[index * 3 + 2] ?? 0) - from.z);
  const expected = Array.from({ length: 500 }, (_, index) => index)
    .filter(isWanted)
    .sort((a, b) => away(a) - away(b));
  expect(nearOnMap(places, from, 6, isWanted)).toEqual(expected.slice(0, 6));
});

describe('while the picture moves', () => {
  const framesOf = (waitedMs: number, count: number): number[] => {
    const pace = createPace();
    return Array.from({ length: 30 }, () => pace.affordable(waitedMs, count));
  };
  test('a quick machine draws all points', () => expect(framesOf(16, 100_000).every((drawn) => drawn === 100_000)).toBe(true));
  test.each([120, 2000])('one whose frames take %i ms draws fewer and fewer, and never none', (waitedMs) => {
    const drawn = framesOf(waitedMs, 100_000);
    expect(drawn.at(-1)).toBe(4000);
    expect(drawn.every((count, at) => at === 0 || count <= (drawn[at - 1] ?? 0))).toBe(true);
  });
  test('what was slow once may become quick again', () => {
    const pace = createPace();
    for (let frame = 0; frame < 10; frame++) pace.affordable(500, 100_000);
    const drawn = Array.from({ length: 60 }, () => pace.affordable(16, 100_000));
    expect(drawn.at(-1)).toBe(100_000);
  });
  test('the time between two slow frames is no rest', () => {
    const pace = createPace();
    expect(pace.restMs()).toBe(200);
    pace.affordable(800, 100_000);
    expect(pace.restMs()).toBeGreaterThan(2 * 800);
  });
});
