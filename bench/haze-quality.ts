import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashingEmbedder } from '../runner/adapters/hashing-embedder.ts';
import { adjustedRandIndex, drawn, neighbourhoods, type Row } from '../test/runner/haze-measures.ts';
import type { Figure } from './figures.ts';
import type { BenchOptions } from './main.ts';
import { clusteredVectors, readFvecs } from './vectors.ts';

const ofVectors = (vectors: readonly Float32Array[]): Row[] => vectors.map((vector, index) => ({ id: `d${index}#0`, text: '', vector }));

/** A corpus by the embedder that is there without any service. */
const ofTexts = async (folder: string): Promise<Row[]> => {
  const lines = readFileSync(join(folder, 'corpus.jsonl'), 'utf8').trim().split('\n');
  const documents = lines.map((line) => JSON.parse(line) as { _id: string; title?: string; text: string });
  const texts = documents.map(({ title, text }) => `${title ?? ''}\n${text}`.trim());
  const vectors = await hashingEmbedder().embedDocuments(texts);
  return documents.map(({ _id }, index) => ({ id: `${_id}#0`, text: texts[index] ?? '', vector: vectors[index] as Float32Array }));
};

/** One of fifty is left out, each time another. */
const leftOut = 50;
const rounds = 3;

const measure = (name: string, rows: readonly Row[]): Figure[] => {
  const map = drawn(rows);
  const { share, chance } = neighbourhoods(rows, map);
  const before = new Map(map.ids.map((id, at) => [id, map.clusters[at] ?? -1]));
  const stability = Array.from({ length: rounds }, (_, round) => {
    const after = drawn(rows.filter((_row, index) => index % leftOut !== round));
    const own = after.ids.map((id) => before.get(id) ?? -1);
    return adjustedRandIndex([...after.clusters], own);
  });
  const bench = `haze-quality ${name}, ${rows.length.toLocaleString('en')} × ${rows[0]?.vector.length}`;
  return [
    { bench, what: 'of the 10 nearest on the map, among the 50 nearest by vector: times chance', unit: '×', rounds: [share / chance] },
    { bench, what: 'clusters', unit: '', rounds: [map.terms.length] },
    { bench, what: 'clusters when 2 % of the passages go: adjusted Rand index', unit: '', rounds: stability },
  ];
};

/** What a map is worth: whether near on it means alike, and how much it stays as it was. On generated vectors, and on collections that are named. */
export const hazeQuality = async ({ quick, vectors, collection }: BenchOptions): Promise<Figure[]> => [
  ...measure('generated', ofVectors(clusteredVectors(quick ? 1000 : 10_000, 384, 1))),
  ...(vectors === undefined ? [] : measure('GloVe Twitter', ofVectors(readFvecs(join(vectors, 'glove_twitter_25d/base.fvecs'))))),
  ...(collection === undefined ? [] : measure('corpus.jsonl', await ofTexts(collection))),
];
