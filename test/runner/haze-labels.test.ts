import { describe, expect, test } from 'vitest';
import { clusterTerms, labelOf } from '../../runner/haze/project/labels.ts';

const sentences = {
  en: ['The gardener was pruning the apple trees with great care.', 'He had been watering all of the seedlings before it was noon.'],
  de: ['Der Gärtner hat die Apfelbäume mit großer Sorgfalt geschnitten.', 'Er hatte alle Setzlinge vor dem Mittag gegossen, weil es nicht geregnet hat.'],
  fr: ['Le jardinier a taillé les pommiers avec beaucoup de soin.', 'Il avait arrosé tous les semis avant midi, parce que la pluie ne venait pas.'],
};
const silent = {
  en: ['the', 'was', 'with', 'had', 'been', 'all', 'before'],
  de: ['der', 'hat', 'die', 'mit', 'hatte', 'alle', 'vor', 'dem', 'weil', 'nicht'],
  fr: ['les', 'avec', 'avait', 'tous', 'avant', 'parce', 'que'],
};

describe('the words of clusters', () => {
  test.each(Object.keys(sentences) as (keyof typeof sentences)[])('in %s hold no stop word of that language', (language) => {
    const [terms = []] = clusterTerms(sentences[language], [0, 0], 1);
    expect(terms.length).toBeGreaterThan(3);
    expect(terms.filter((term) => silent[language].includes(term))).toEqual([]);
  });

  test('of two languages in one space are free of the stop words of each', () => {
    const texts = [...sentences.en, ...sentences.de];
    const [english = [], german = []] = clusterTerms(texts, [0, 0, 1, 1], 2);
    expect(english.filter((term) => silent.en.includes(term))).toEqual([]);
    expect(german.filter((term) => silent.de.includes(term))).toEqual([]);
  });

  test('are no two clusters’ own, and of one word in two forms one', () => {
    const texts = ['rigging sail sails anchor', 'anchor sail rigging', 'anchor lantern candle', 'candle lantern'];
    const [ships = [], lights = []] = clusterTerms(texts, [0, 0, 1, 1], 2);
    expect(ships).toEqual(expect.arrayContaining(['anchor', 'rigging', 'sail']));
    expect(ships).not.toContain('sails');
    expect(lights.toSorted()).toEqual(['candle', 'lantern']);
  });

  test('are something even where another cluster has a better claim to every one', () => {
    const [, small = []] = clusterTerms(['anchor tide', 'anchor tide', 'anchor', 'zeppelin'], [0, 0, 1, 2], 3);
    expect(small).toEqual(['anchor']);
  });

  test('make a label of three; a cluster without words has its number', () => {
    expect(labelOf(['a', 'b', 'c', 'd'], 0)).toBe('a · b · c');
    expect(labelOf([], 4)).toBe('Cluster 5');
  });
});
