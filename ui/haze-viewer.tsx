import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Nexus, Space } from '../client/index.ts';
import type { HazePoint, HazeSearchResponse } from '../shared/http/haze.ts';
import { Ask } from './ask.tsx';
import { Cloud } from './cloud.ts';
import { type Colouring, colour, colourings } from './colours.ts';
import { Details } from './details.tsx';
import { messageOf } from './message-of.ts';
import { Upload } from './upload.tsx';
import { useMap } from './use-map.ts';

export interface HazeViewerProps {
  client: Nexus;
  /** Id of the space to look at. */
  space: string;
}

const plainSize = 7;
const hitSize = 20;

const idOf = ({ source_scope, id }: { source_scope: string; id: string }): string => `${source_scope} ${id}`;

/** @returns undefined for a filter that is not JSON, with the reason */
const parsedFilter = (text: string): { filter?: Record<string, unknown>; problem?: string } => {
  if (text.trim() === '') return {};
  try {
    return { filter: JSON.parse(text) };
  } catch {
    return { problem: 'The filter is not JSON. Write for example {"lang": "en"}.' };
  }
};

/** The map of one space: turn it, point at it, ask it, add to it. */
export const HazeViewer = ({ client, space: spaceId }: HazeViewerProps): ReactNode => {
  const space: Space = useMemo(() => client.space(spaceId), [client, spaceId]);
  const [includeGlobal, setIncludeGlobal] = useState(false);
  const [colouring, setColouring] = useState<Colouring>('cluster');
  const [field, setField] = useState('');
  const [filterText, setFilterText] = useState('');
  const [found, setFound] = useState<HazeSearchResponse>();
  const [hovered, setHovered] = useState<HazePoint>();
  const [chosen, setChosen] = useState<HazePoint>();
  const [problem, setProblem] = useState<string>();
  const { filter, problem: filterProblem } = parsedFilter(filterText);
  const map = useMap(client, space, { includeGlobal, filter, field: colouring === 'field' && field !== '' ? field : undefined });
  const canvas = useRef<HTMLCanvasElement>(null);
  const cloud = useRef<Cloud>(undefined);

  const { colours, legend } = useMemo(() => colour(map.points, colouring), [map.points, colouring]);
  const ranks = useMemo(() => new Map((found?.points ?? []).map((hit) => [idOf(hit), hit.rank])), [found]);

  useEffect(() => {
    if (canvas.current === null) return;
    try {
      cloud.current = new Cloud(canvas.current);
    } catch {
      setProblem('This browser shows no 3D graphics (WebGL). The lists below still work.');
    }
    return () => {
      cloud.current?.dispose();
      cloud.current = undefined;
    };
  }, []);

  useEffect(() => {
    cloud.current?.show(
      map.points.map((point, index) => {
        const isHit = ranks.has(idOf(point));
        const isChosen = chosen !== undefined && idOf(point) === idOf(chosen);
        return {
          ...point,
          colour: isHit && point.source_scope === 'global' ? '#ff9f1c' : (colours[index] ?? '#888'),
          size: isHit || isChosen ? hitSize : plainSize,
          dimmed: ranks.size > 0 && !isHit && !isChosen,
        };
      }),
    );
  }, [map.points, colours, ranks, chosen]);

  const drawn = map.about?.snapshots.map(({ version }) => version).join();
  // Places of another map mean nothing on this one.
  useEffect(() => {
    setFound(undefined);
    setChosen(undefined);
    cloud.current?.lookAt(null);
  }, [drawn]);

  useEffect(() => cloud.current?.mark(found?.landing ?? null), [found]);

  const pointAt = (event: { nativeEvent: { offsetX: number; offsetY: number } }): HazePoint | undefined => {
    const index = cloud.current?.pick(event.nativeEvent.offsetX, event.nativeEvent.offsetY);
    return index === undefined ? undefined : map.points[index];
  };
  const choose = (point: HazePoint | undefined): void => {
    setChosen(point);
    if (point !== undefined) cloud.current?.lookAt(point);
  };
  const byId = useMemo(() => new Map(map.points.map((point) => [idOf(point), point])), [map.points]);
  const redraw = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await (await space.haze.snapshot()).wait();
      map.reload();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => cloud.current?.turn(-0.15),
    ArrowRight: () => cloud.current?.turn(0.15),
    '+': () => cloud.current?.turn(0, 1.2),
    '-': () => cloud.current?.turn(0, 1 / 1.2),
    Home: () => cloud.current?.lookAt(null),
  };

  return (
    <Upload space={space} onDone={redraw}>
      <section className="viewer" aria-label={`Map of the space ${spaceId}`}>
        <div className="picture">
          <canvas
            ref={canvas}
            data-points={map.points.length}
            tabIndex={0}
            role="img"
            aria-label={`${map.points.length} passages in ${map.about?.clusters.length ?? 0} clusters. Arrow keys turn, plus and minus approach, Home shows all.`}
            onKeyDown={(event) => {
              const act = keys[event.key];
              if (act === undefined) return;
              event.preventDefault();
              act();
            }}
            onPointerMove={(event) => setHovered(event.buttons === 0 ? pointAt(event) : undefined)}
            onPointerLeave={() => setHovered(undefined)}
            onClick={(event) => {
              const point = pointAt(event);
              if (point !== undefined) choose(point);
            }}
          />
          {hovered !== undefined && (
            <p className="hover">
              <strong>{hovered.title}</strong> <small>{hovered.source_scope}</small>
              <br />
              {hovered.snippet}
            </p>
          )}
          <p className="status" role="status">
            {map.status}
            {map.about?.snapshot?.stale === true && ' · the space has changed since this map was drawn'}
          </p>
        </div>
        <aside>
          {[map.error, problem, filterProblem]
            .filter((text) => text !== undefined)
            .map((text) => (
              <p key={text} className="problem" role="alert">
                {text}
              </p>
            ))}
          <Ask space={space} includeGlobal={includeGlobal} filter={filter} found={found} onFound={setFound} onChoose={(id) => choose(byId.get(id))} />
          {chosen !== undefined && <Details space={space} point={chosen} points={map.points} onChoose={choose} />}
          <fieldset>
            <legend>Picture</legend>
            <label>
              Colour by
              <select value={colouring} onChange={(event) => setColouring(event.target.value as Colouring)}>
                {colourings.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
            {colouring === 'field' && (
              <label>
                Metadata field <input value={field} onChange={(event) => setField(event.target.value)} placeholder="year" />
              </label>
            )}
            <label>
              Filter (JSON) <input value={filterText} onChange={(event) => setFilterText(event.target.value)} placeholder='{"year": {"gte": 2025}}' />
            </label>
            <label className="inline">
              <input type="checkbox" checked={includeGlobal} onChange={(event) => setIncludeGlobal(event.target.checked)} /> with the global space
            </label>
            <button type="button" onClick={() => redraw()}>
              Draw the map anew
            </button>
            <button type="button" onClick={() => cloud.current?.lookAt(null)}>
              Show all
            </button>
          </fieldset>
          {colouring === 'cluster' ? (
            <ul className="legend" aria-label="Clusters">
              {(map.about?.clusters ?? []).map((cluster) => (
                <li key={`${cluster.source_scope} ${cluster.cluster}`}>
                  <button type="button" onClick={() => cloud.current?.lookAt(cluster)}>
                    <i style={{ background: legend.find(({ group }) => group === `${cluster.source_scope} ${cluster.cluster}`)?.colour ?? '#888' }} />
                    {cluster.label} <small>{cluster.points}</small>
                  </button>
                </li>
              ))}
            </ul>
          ) : (
            <ul className="legend" aria-label={colouring}>
              {legend.slice(0, 40).map(({ group, colour: shade, points }) => (
                <li key={group}>
                  <i style={{ background: shade }} />
                  {group} <small>{points}</small>
                </li>
              ))}
            </ul>
          )}
        </aside>
      </section>
    </Upload>
  );
};
