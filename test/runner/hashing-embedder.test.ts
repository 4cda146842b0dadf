import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashingEmbedder } from '../../runner/adapters/hashing-embedder.ts';
import { runs } from '../scale.ts';

const embedder = hashingEmbedder();
const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, index) => sum + x * (b[index] ?? 0), 0);

describe('the hashing embedder', () => {
  test('gives every text a vector of its dimension and of length 1, never zero, never NaN', async () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udfff', ' ', '\0', '.', '\u0301', 'a') }),
      fc.constantFrom('', ' ', '!?', '\n'),
    );
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const vector = await embedder.embedQuery(text);
        expect(vector).toHaveLength(embedder.dimension);
        expect(vector.every(Number.isFinite)).toBe(true);
        expect(Math.sqrt(cosine(vector, vector))).toBeCloseTo(1, 5);
      }),
      runs(1000),
    );
  });

  test('gives the same text the same vector, as query and as document, alone and among others, in every instance', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), async (texts) => {
        const together = await embedder.embedDocuments(texts);
        expect(await Promise.all(texts.map((text) => hashingEmbedder().embedQuery(text)))).toEqual(together);
      }),
      runs(100),
    );
  });

  test('finds spelling variants nearer than other words', async () => {
    const [query, near, far] = await embedder.embedDocuments(['configuration of the network', 'configuring networks', 'bread and butter pudding']);
    if (!(query instanceof Float32Array && near instanceof Float32Array && far instanceof Float32Array)) throw new Error('three texts, three vectors');
    expect(cosine(query, near)).toBeGreaterThan(cosine(query, far) + 0.1);
  });

  test('takes no notice of case and of forms that Unicode holds to be the same', async () => {
    const [plain, shouted, wide] = await embedder.embedDocuments(['Größe ﬁn 12', 'GRÖSSE FIN 12'.replace('SS', 'ß'), 'Gro\u0308ße fin １２']);
    expect(shouted).toEqual(plain);
    expect(wide).toEqual(plain);
  });

  test('names itself as what it is, with its dimension', () => {
    expect(embedder.model).toMatch(/^hashing\/.+@384$/);
    expect(embedder.model).toContain(`@${embedder.dimension}`);
    expect(embedder.fusionWeight).toBeGreaterThan(0);
    expect(embedder.fusionWeight).toBeLessThan(1);
  });

  test('gives no vectors for no texts', async () => {
    expect(await embedder.embedDocuments([])).toEqual([]);
  });

  test('embeds a text of a megabyte in a moment', async () => {
    const startedMs = performance.now();
    for (const text of ['a'.repeat(1_000_000), 'word '.repeat(200_000), '!'.repeat(1_000_000)]) await embedder.embedQuery(text);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
