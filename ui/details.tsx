import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Space, StoredDocument } from '../client/index.ts';
import type { HazePoint } from '../shared/http/haze.ts';
import { messageOf } from './message-of.ts';

interface DetailsProps {
  space: Space;
  point: HazePoint;
  points: readonly HazePoint[];
  onChoose(point: HazePoint): void;
}

const neighbours = 6;

/** Links that a document names are strangers' words: only ones to web pages become links. */
export const safeLink = (uri: string | null | undefined): string | undefined => {
  const url = uri != null && URL.canParse(uri) ? new URL(uri) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
};

/** One passage, its document, and what lies nearest on the map. */
export const Details = ({ space, point, points, onChoose }: DetailsProps): ReactNode => {
  const [shown, setShown] = useState<{ document?: StoredDocument; problem?: string }>({});
  useEffect(() => {
    const stop = new AbortController();
    setShown({});
    // Of the global space only the passage itself may be read.
    if (point.source_scope === 'global') return;
    space.documents.get(point.doc_id, { text: true, signal: stop.signal }).then(
      (document) => setShown({ document }),
      (error: unknown) => !stop.signal.aborted && setShown({ problem: messageOf(error) }),
    );
    return () => stop.abort();
  }, [space, point.doc_id, point.source_scope]);
  const near = useMemo(() => {
    const away = (other: HazePoint): number => Math.hypot(other.x - point.x, other.y - point.y, other.z - point.z);
    return points
      .filter((other) => other.source_scope === point.source_scope && other.id !== point.id)
      .map((other) => ({ other, distance: away(other) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, neighbours)
      .map(({ other }) => other);
  }, [points, point]);
  const link = safeLink(shown.document?.source_uri);

  return (
    <section className="details" aria-label="Chosen passage">
      <h2>{point.title}</h2>
      <p>{point.snippet}</p>
      <small>
        {point.doc_id} · passage {point.chunk + 1} · {point.type} · {point.source_scope}
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
          <summary>The whole document ({shown.document.chunks} passages)</summary>
          <pre>{shown.document.text}</pre>
          <pre>{JSON.stringify(shown.document.metadata, null, 2)}</pre>
        </details>
      )}
      <h3>Nearest on the map</h3>
      <ul>
        {near.map((other) => (
          <li key={other.id}>
            <button type="button" onClick={() => onChoose(other)}>
              <strong>{other.title}</strong> {other.snippet}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};
