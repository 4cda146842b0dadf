import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Space, StoredDocument } from '../client/index.ts';
import type { HazeFound, HazePoint } from '../shared/http/haze.ts';
import { messageOf } from './message-of.ts';
import { nearOnMap } from './near-on-map.ts';
import { PassageList } from './passage-list.tsx';
import type { PointSet } from './points.ts';

/** A point of the map, or a hit that may not be on it yet. */
export type Passage = HazePoint | HazeFound;

export const passageKey = ({ source_scope, id }: { source_scope: string; id: string }): string => `${source_scope} ${id}`;

interface DetailsProps {
  space: Space;
  passage: Passage;
  points: PointSet;
  onChoose(passage: Passage): void;
  onClose(): void;
}

const neighbours = 6;

/** Links that a document names are strangers' words: only ones to web pages become links. */
export const safeLink = (uri: string | null | undefined): string | undefined => {
  const url = uri != null && URL.canParse(uri) ? new URL(uri) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
};

/** Distances between points of two scopes say nothing: only those of its own are near it. */
const nearOf = (points: PointSet, { x, y, z, id, source_scope }: Passage): HazePoint[] => {
  if (x === null || y === null || z === null) return [];
  const isOther = (index: number): boolean => {
    const point = points.at(index);
    return point.source_scope === source_scope && point.id !== id;
  };
  return nearOnMap(points.places, { x, y, z }, neighbours, isOther).map((index) => points.at(index));
};

/** One passage, its document, and what lies nearest on the map. */
export const Details = ({ space, passage, points, onChoose, onClose }: DetailsProps): ReactNode => {
  const [shown, setShown] = useState<{ document?: StoredDocument; problem?: string }>({});
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    setShown({});
    // Of the global space only the passage itself may be read.
    if (passage.source_scope === 'global') return;
    space.documents.get(passage.doc_id, { text: true, signal: stop.signal }).then(
      (document) => setShown({ document }),
      (error: unknown) => !stop.signal.aborted && setShown({ problem: messageOf(error) }),
    );
    return () => stop.abort();
  }, [space, passage.doc_id, passage.source_scope]);
  const key = passageKey(passage);
  // Whoever chose it by key or by ear goes on here.
  useEffect(() => heading.current?.focus(), [key]);
  const near = useMemo(() => nearOf(points, passage), [points, passage]);
  const link = safeLink(shown.document?.source_uri);

  return (
    <section className="details" aria-label="Chosen passage">
      <div className="row">
        <h2 ref={heading} tabIndex={-1}>
          {passage.title}
        </h2>
        <button type="button" className="small" onClick={onClose}>
          Close
        </button>
      </div>
      <p>{passage.snippet}</p>
      <small>
        {passage.doc_id} · passage {passage.chunk + 1} · {passage.type} · {passage.source_scope}
      </small>
      {link !== undefined && (
        <p>
          <a href={link} rel="noopener noreferrer nofollow" target="_blank">
            Source
          </a>
        </p>
      )}
      {shown.problem !== undefined && (
        <p className="problem" role="alert">
          {shown.problem}
        </p>
      )}
      {shown.document !== undefined && (
        <details>
          <summary>The whole document ({shown.document.chunks === 1 ? 'one passage' : `${shown.document.chunks} passages`})</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
          <pre tabIndex={0}>{shown.document.text}</pre>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
          <pre tabIndex={0}>{JSON.stringify(shown.document.metadata, null, 2)}</pre>
        </details>
      )}
      {near.length > 0 && (
        <>
          <h3>Nearest on the map</h3>
          <PassageList passages={near} onChoose={onChoose} label="Nearest on the map" />
        </>
      )}
    </section>
  );
};
