import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hashingEmbedder } from '../../runner/adapters/hashing-embedder.ts';
import { seededRandom } from '../../runner/haze/project/random.ts';
import { adjustedRandIndex, drawn, neighbourhoods, type Row } from './haze-measures.ts';

/** What a picture is worth: whether near means alike, and whether it stays what it was. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const groups = 12;

/** Directions around some that are told apart, as texts on so many subjects have them. */
const grouped = (count: number, dimension: number): Row[] => {
  const random = seededRandom(11);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const centres = Array.from({ length: groups }, () => Float32Array.from({ length: dimension }, normal));
  return Array.from({ length: count }, (_, index) => ({
    id: `d${index}#0`,
    vector: Float32Array.from(centres[index % groups] as Float32Array, (value) => value + 0.5 * normal()),
    text: '',
  }));
};

/** The paragraphs of this repository's own documents. */
const paragraphs = async (): Promise<Row[]> => {
  const files = ['docs', 'docs/decisions'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
  const texts = files
    .filter((name) => name.endsWith('.md') && !name.endsWith('benchmarks.md'))
    .sort()
    .flatMap((name) => readFileSync(join(root, name), 'utf8').split(/\n\s*\n|\n(?=[-|] )/))
    .filter((text) => text.length > 80);
  const vectors = await hashingEmbedder().embedDocuments(texts);
  return texts.map((text, index) => ({ id: `p${index}#0`, text, vector: vectors[index] as Float32Array }));
};

const collections = { 'generated groups': async () => grouped(1500, 64), "this repository's documents": paragraphs };

describe.each(Object.entries(collections))('a map of %s', async (name, rowsOf) => {
  const rows = await rowsOf();
  const map = drawn(rows);

  test('puts beside each other what is alike: at least 3 times as often as chance', () => {
    const { share, chance } = neighbourhoods(rows, map);
    expect(rows.length, name).toBeGreaterThan(300);
    expect(share / chance).toBeGreaterThan(3);
  });

  test('is the same, byte for byte, when it is drawn again', () => {
    const again = drawn(rows);
    expect(Buffer.from(again.places.buffer).equals(Buffer.from(map.places.buffer))).toBe(true);
    expect(again.clusters).toEqual(map.clusters);
    expect(again.terms).toEqual(map.terms);
  });
});

describe('groups that are there', () => {
  const rows = grouped(1500, 64);
  const map = drawn(rows);

  test('are found, as many as there are', () => {
    const truth = map.ids.map((id) => Number(/\d+/.exec(id)?.[0]) % groups);
    expect(new Set(map.clusters).size).toBe(groups);
    expect(adjustedRandIndex([...map.clusters], truth)).toBeGreaterThan(0.95);
  });

  test.each([0, 1, 2])('stay together when one passage of fifty goes: adjusted Rand index over 0.9 (%i)', (which) => {
    const fewer = rows.filter((_, index) => index % 50 !== which * 7);
    const before = new Map(map.ids.map((id, at) => [id, map.clusters[at] ?? -1]));
    const after = drawn(fewer);
    expect(
      adjustedRandIndex(
        [...after.clusters],
        after.ids.map((id) => before.get(id) ?? -1),
      ),
    ).toBeGreaterThan(0.9);
  });
});
