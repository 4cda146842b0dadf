import type { HazeFound } from '../shared/http/haze.ts';
import type { Highlight } from './cloud.ts';
import type { Passage } from './details.tsx';

/** Hits of one's own, of the global space, and the passage that is looked at. Seen on dark and on light. */
const colours = { tenant: '#4f46e5', global: '#d97706', chosen: '#e11d48' };

/** What stands out on the map, what is drawn last on top. */
export const highlightsOf = (hits: readonly HazeFound[], chosen: Passage | undefined): Highlight[] => {
  const marked = hits.toReversed().map((hit) => ({ ...hit, colour: colours[hit.source_scope] }));
  const all = chosen === undefined ? marked : [...marked, { ...chosen, colour: colours.chosen }];
  return all.flatMap(({ x, y, z, colour }) => (x === null || y === null || z === null ? [] : [{ x, y, z, colour }]));
};
