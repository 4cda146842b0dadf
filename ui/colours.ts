import { Color } from 'three';
import type { HazePoint } from '../shared/http/haze.ts';
import type { PointSet } from './points.ts';

export const colourings = ['cluster', 'type', 'scope', 'field'] as const;
export type Colouring = (typeof colourings)[number];

/** Hues a golden angle apart: any number of groups, neighbours in the list never alike. Light enough for dark, dark enough for light. */
const hueOf = (group: number): string => `hsl(${Math.round((group * 137.508) % 360)}, 65%, ${group % 2 === 0 ? 50 : 58}%)`;

type Grouped = Pick<HazePoint, 'source_scope' | 'cluster' | 'type' | 'value'>;

export const clusterName = ({ source_scope, cluster }: { source_scope: string; cluster: number }): string => `${source_scope} ${cluster}`;

const groupOf = (point: Grouped, colouring: Colouring): string => {
  if (colouring === 'cluster') return clusterName(point);
  if (colouring === 'type') return point.type;
  if (colouring === 'scope') return point.source_scope;
  return point.value === undefined || point.value === null ? '–' : String(point.value);
};

export interface Legend {
  group: string;
  colour: string;
  points: number;
}

/** Red, green and blue of each point, a byte each, and what each colour means, largest group first. */
export const colour = (points: PointSet, colouring: Colouring): { tints: Uint8Array; legend: Legend[] } => {
  const sizes = new Map<string, number>();
  const names: string[] = [];
  for (const point of points.columns('source_scope', 'cluster', 'type', 'value')) {
    const name = groupOf(point, colouring);
    names.push(name);
    sizes.set(name, (sizes.get(name) ?? 0) + 1);
  }
  const legend = [...sizes]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([group, count], at): Legend => ({ group, colour: hueOf(at), points: count }));
  // The shader writes what it is given: as the page has it, not in the linear space that three.js computes in.
  const bytes = new Map(
    legend.map((each) => [
      each.group,
      new Color(each.colour)
        .convertLinearToSRGB()
        .toArray()
        .map((part) => Math.round(part * 255)),
    ]),
  );
  const tints = new Uint8Array(names.length * 3);
  names.forEach((name, index) => {
    tints.set(bytes.get(name) ?? [], index * 3);
  });
  return { tints, legend: legend.sort((a, b) => b.points - a.points) };
};
