import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import type { HazeCluster, HazePoint } from '../shared/http/haze.ts';
import { Cloud, type Highlight, type Place } from './cloud.ts';
import { ClusterLabels } from './cluster-labels.ts';
import { clusterName } from './colours.ts';
import type { PointSet } from './points.ts';

interface PictureProps {
  cloud: RefObject<Cloud | undefined>;
  points: PointSet;
  tints: Uint8Array;
  clusters: readonly HazeCluster[];
  /** Another one is another map: looked at as a whole. */
  drawn: string | undefined;
  highlights: readonly Highlight[];
  landing: Place | null;
  onChoose(point: HazePoint): void;
  onBlind(): void;
}

const turnAngle = 0.15;
const nearer = 1.2;

const place = (event: { nativeEvent: { offsetX: number; offsetY: number } }) => [event.nativeEvent.offsetX, event.nativeEvent.offsetY] as const;

/** The cloud and its names, by pointer and by keys. */
export const Picture = ({ cloud, points, tints, clusters, drawn, highlights, landing, onChoose, onBlind }: PictureProps): ReactNode => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const labels = useRef<ClusterLabels>(undefined);
  const [hovered, setHovered] = useState<HazePoint>();

  useEffect(() => {
    if (canvas.current === null || layer.current === null) return;
    const names = new ClusterLabels(layer.current);
    labels.current = names;
    try {
      const made = new Cloud(canvas.current, () => names.place((where) => made.project(where)));
      cloud.current = made;
    } catch {
      onBlind();
    }
    return () => {
      cloud.current?.dispose();
      cloud.current = undefined;
    };
  }, []);
  useEffect(() => cloud.current?.show(points.places, tints), [cloud, points, tints]);
  // A map's first points frame it, its further ones do not move it.
  useEffect(() => cloud.current?.goHome(), [drawn]);
  useEffect(() => cloud.current?.highlight(highlights), [cloud, highlights]);
  useEffect(() => cloud.current?.mark(landing), [cloud, landing]);
  // The same names again are no others.
  const named = clusters.map((cluster) => `${clusterName(cluster)} ${cluster.label}`).join();
  useEffect(() => labels.current?.show(clusters), [named]);

  const pointAt = (left: number, top: number): HazePoint | undefined => {
    const index = cloud.current?.pick(left, top);
    return index === undefined ? undefined : points.at(index);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => cloud.current?.turn(-turnAngle),
    ArrowRight: () => cloud.current?.turn(turnAngle),
    ArrowUp: () => cloud.current?.turn(0, turnAngle),
    ArrowDown: () => cloud.current?.turn(0, -turnAngle),
    '+': () => cloud.current?.turn(0, 0, nearer),
    '-': () => cloud.current?.turn(0, 0, 1 / nearer),
    Home: () => cloud.current?.goHome(),
  };
  return (
    <>
      <canvas
        ref={canvas}
        data-points={points.count}
        tabIndex={0}
        role="img"
        aria-label={`${points.count} passages in ${clusters.length} clusters, drawn. Arrow keys turn, plus and minus approach, Home shows all. The lists beside it say the same in words.`}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
        onPointerMove={(event) => {
          const point = event.buttons === 0 ? pointAt(...place(event)) : undefined;
          if (point?.id !== hovered?.id || point?.source_scope !== hovered?.source_scope) setHovered(point);
        }}
        onPointerLeave={() => setHovered(undefined)}
        onClick={(event) => {
          const point = pointAt(...place(event));
          if (point !== undefined) onChoose(point);
        }}
      />
      <div className={highlights.length > 0 ? 'names faint' : 'names'} ref={layer} aria-hidden="true" />
      {hovered !== undefined && (
        <p className="hover">
          <strong>{hovered.title}</strong> <small>{hovered.source_scope}</small>
          <br />
          {hovered.snippet}
        </p>
      )}
    </>
  );
};
