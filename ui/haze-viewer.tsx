import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Nexus, Space } from '../client/index.ts';
import type { HazeCluster, HazeFound, HazeSearchResponse } from '../shared/http/haze.ts';
import { Ask } from './ask.tsx';
import type { Cloud } from './cloud.ts';
import { Clusters } from './clusters.tsx';
import { type Colouring, colour } from './colours.ts';
import { Details, type Passage, passageKey } from './details.tsx';
import { emptyFilter, FilterField, type ParsedFilter } from './filter-field.tsx';
import { highlightsOf } from './highlights.ts';
import { messageOf } from './message-of.ts';
import { Picture } from './picture.tsx';
import { PictureControls } from './picture-controls.tsx';
import { State } from './state.tsx';
import { Upload } from './upload.tsx';
import { useMap } from './use-map.ts';

export interface HazeViewerProps {
  client: Nexus;
  /** Id of the space to look at. */
  space: string;
}

/** Groups of another colouring than clusters that the legend names. */
const namedGroups = 40;
const none: readonly HazeCluster[] = [];
const noHits: readonly HazeFound[] = [];

/** The map of one space: turn it, point at it, ask it, add to it. */
export const HazeViewer = ({ client, space: spaceId }: HazeViewerProps): ReactNode => {
  const space: Space = useMemo(() => client.space(spaceId), [client, spaceId]);
  const [includeGlobal, setIncludeGlobal] = useState(false);
  const [colouring, setColouring] = useState<Colouring>('cluster');
  const [field, setField] = useState('');
  const [{ filter }, setFilter] = useState<ParsedFilter>(emptyFilter);
  const [found, setFound] = useState<HazeSearchResponse>();
  const [chosen, setChosen] = useState<Passage>();
  const [problem, setProblem] = useState<string>();
  const [isDrawing, setIsDrawing] = useState(false);
  const map = useMap(client, space, { includeGlobal, filter, field: colouring === 'field' && field !== '' ? field : undefined });
  const cloud = useRef<Cloud>(undefined);

  const { points, about } = map;
  const { tints, legend } = useMemo(() => colour(points, colouring), [points, colouring]);
  const highlights = useMemo(() => highlightsOf(found?.points ?? [], chosen), [found, chosen]);
  const drawn = about?.snapshots.map(({ source_scope, version }) => `${source_scope} ${version}`).join();
  // Places of another map mean nothing on this one.
  useEffect(() => {
    setFound(undefined);
    setChosen(undefined);
  }, [drawn]);

  // Hits may lie anywhere.
  useEffect(() => {
    if (found !== undefined) cloud.current?.goHome();
  }, [found]);

  const choose = (passage: Passage): void => {
    setChosen(passage);
    const { x, y, z } = passage;
    if (x !== null && y !== null && z !== null) cloud.current?.lookAt({ x, y, z });
  };
  const redraw = async (): Promise<void> => {
    setProblem(undefined);
    setIsDrawing(true);
    try {
      await (await space.haze.snapshot()).wait();
      map.reload();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setIsDrawing(false);
    }
  };

  return (
    <Upload space={space} onDone={redraw}>
      <section className="viewer" aria-label={`Map of the space ${spaceId}`}>
        <div className="picture">
          <Picture
            cloud={cloud}
            points={points}
            tints={tints}
            clusters={points.count === 0 ? none : (about?.clusters ?? none)}
            drawn={drawn}
            highlights={highlights}
            hits={found?.points ?? noHits}
            landing={found?.landing ?? null}
            onChoose={choose}
            onBlind={() => setProblem('This browser shows no 3D graphics (WebGL). The lists here say the same in words.')}
          />
          <State map={map} isDrawing={isDrawing} isFiltered={filter !== undefined} />
        </div>
        <aside>
          {problem !== undefined && (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          <Ask space={space} includeGlobal={includeGlobal} filter={filter} found={found} onFound={setFound} onChoose={choose} />
          {chosen !== undefined && (
            <Details key={passageKey(chosen)} space={space} passage={chosen} points={points} onChoose={choose} onClose={() => setChosen(undefined)} />
          )}
          <PictureControls
            colouring={colouring}
            onColouring={setColouring}
            field={field}
            onField={setField}
            includeGlobal={includeGlobal}
            onIncludeGlobal={setIncludeGlobal}
            isDrawing={isDrawing}
            onRedraw={redraw}
            onShowAll={() => cloud.current?.goHome()}
          >
            <FilterField onFilter={setFilter} />
          </PictureControls>
          {colouring === 'cluster' ? (
            <Clusters
              clusters={about?.clusters ?? []}
              legend={legend}
              points={points}
              onLookAt={(cluster) => cloud.current?.lookAt(cluster)}
              onChoose={choose}
            />
          ) : (
            <ul className="legend" aria-label={colouring}>
              {legend.slice(0, namedGroups).map(({ group, colour: shade, points: size }) => (
                <li key={group}>
                  <i style={{ background: shade }} />
                  {group} <small>{size.toLocaleString('en')}</small>
                </li>
              ))}
            </ul>
          )}
        </aside>
      </section>
    </Upload>
  );
};
