import type { HazePoint } from '../shared/http/haze.ts';

export const colourings = ['cluster', 'type', 'scope', 'field'] as const;
export type Colouring = (typeof colourings)[number];

/** Hues a golden angle apart: any number of groups, neighbours in the list never alike. Light enough for dark, dark enough for light. */
const hueOf = (group: number): string => `hsl(${Math.round((group * 137.508) % 360)}, 65%, ${group % 2 === 0 ? 52 : 60}%)`;

const groupOf = (point: HazePoint, colouring: Colouring): string => {
  if (colouring === 'cluster') return `${point.source_scope} ${point.cluster}`;
  if (colouring === 'type') return point.type;
  if (colouring === 'scope') return point.source_scope;
  return point.value === undefined || point.value === null ? '–' : Array.isArray(point.value) ? point.value.join(', ') : String(point.value);
};

export interface Legend {
  group: string;
  colour: string;
  points: number;
}

/** A colour for each point, and what each colour means, largest group first. */
export const colour = (points: readonly HazePoint[], colouring: Colouring): { colours: string[]; legend: Legend[] } => {
  const groups = new Map<string, Legend>();
  const names = points.map((point) => groupOf(point, colouring));
  for (const name of [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })))
    groups.set(name, { group: name, colour: hueOf(groups.size), points: 0 });
  const colours = names.map((name) => {
    const legend = groups.get(name);
    if (legend === undefined) return '#888';
    legend.points += 1;
    return legend.colour;
  });
  return { colours, legend: [...groups.values()].sort((a, b) => b.points - a.points) };
};
