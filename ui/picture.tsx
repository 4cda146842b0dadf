import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import type { HazeCluster, HazeFound, HazePoint } from '../shared/http/haze.ts';
import { Cloud, type Highlight, type Place } from './cloud.ts';
import { clusterName } from './colours.ts';
import { clusterLabels, Labels, rankLabels } from './labels.ts';
import type { PointSet } from './points.ts';

interface PictureProps {
  cloud: RefObject<Cloud | undefined>;
  points: PointSet;
  tints: Uint8Array;
  clusters: readonly HazeCluster[];
  /** Another one is another map: looked at as a whole. */
  drawn: string | undefined;
  highlights: readonly Highlight[];
  hits: readonly HazeFound[];
  landing: Place | null;
  onChoose(point: HazePoint): void;
  onBlind(): void;
}

/** A name must not hide its cluster, a rank stands on its hit. Pixels. */
const namesBelow = 20;
const turnAngle = 0.15;
const nearer = 1.2;

const place = (event: { nativeEvent: { offsetX: number; offsetY: number } }) => [event.nativeEvent.offsetX, event.nativeEvent.offsetY] as const;

/** The cloud and its names, by pointer and by keys. */
export const Picture = ({ cloud, points, tints, clusters, drawn, highlights, hits, landing, onChoose, onBlind }: PictureProps): ReactNode => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const nameLayer = useRef<HTMLDivElement>(null);
  const rankLayer = useRef<HTMLDivElement>(null);
  const names = useRef<Labels>(undefined);
  const ranks = useRef<Labels>(undefined);
  const [hovered, setHovered] = useState<HazePoint>();

  useEffect(() => {
    if (canvas.current === null || nameLayer.current === null || rankLayer.current === null) return;
    const layers = [new Labels(nameLayer.current, namesBelow), new Labels(rankLayer.current, 0)] as const;
    [names.current, ranks.current] = layers;
    try {
      const made = new Cloud(canvas.current, () => {
        for (const layer of layers) layer.place((where) => made.project(where));
      });
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
  useEffect(() => names.current?.show(clusterLabels(clusters)), [named]);
  useEffect(() => ranks.current?.show(rankLabels(hits)), [hits]);

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
      <div className={highlights.length > 0 ? 'names faint' : 'names'} ref={nameLayer} aria-hidden="true" />
      <div className="names ranks" ref={rankLayer} aria-hidden="true" />
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
