import { type ReactNode, useState } from 'react';
import type { HazeCluster, HazePoint } from '../shared/http/haze.ts';
import { clusterName, type Legend } from './colours.ts';
import { PassageList } from './passage-list.tsx';
import type { PointSet } from './points.ts';

interface ClustersProps {
  clusters: readonly HazeCluster[];
  legend: readonly Legend[];
  points: PointSet;
  onLookAt(cluster: HazeCluster): void;
  onChoose(passage: HazePoint): void;
}

/** Passages that a cluster's list begins with: a fair sample of it. */
const listed = 8;

/** The first passages of a cluster. */
const passagesOf = (points: PointSet, cluster: HazeCluster): HazePoint[] => {
  const found: HazePoint[] = [];
  let index = -1;
  for (const point of points.columns('source_scope', 'cluster')) {
    index += 1;
    if (point.source_scope !== cluster.source_scope || point.cluster !== cluster.cluster) continue;
    found.push(points.at(index));
    if (found.length === listed) break;
  }
  return found;
};

/** What the picture shows, as a list: each cluster by its words and its size, with some of its passages. */
export const Clusters = ({ clusters, legend, points, onLookAt, onChoose }: ClustersProps): ReactNode => {
  const [open, setOpen] = useState<string>();
  const colours = new Map(legend.map(({ group, colour }) => [group, colour]));
  const largestFirst = clusters.toSorted((a, b) => b.points - a.points);
  return (
    <ul className="legend" aria-label="Clusters">
      {largestFirst.map((cluster) => {
        const name = clusterName(cluster);
        return (
          <li key={name}>
            <button
              type="button"
              aria-expanded={open === name}
              onClick={() => {
                setOpen(open === name ? undefined : name);
                if (open !== name) onLookAt(cluster);
              }}
            >
              <i style={{ background: colours.get(name) ?? '#888' }} />
              {cluster.label} <small>{cluster.points.toLocaleString('en')}</small>
            </button>
            {open === name && <PassageList passages={passagesOf(points, cluster)} label={`Passages about ${cluster.label}`} onChoose={onChoose} />}
          </li>
        );
      })}
    </ul>
  );
};
