import { type ReactNode, useState } from 'react';
import type { Space } from '../client/index.ts';
import type { HazeFound, HazeSearchResponse } from '../shared/http/haze.ts';
import { messageOf } from './message-of.ts';

interface AskProps {
  space: Space;
  includeGlobal: boolean;
  filter: Record<string, unknown> | undefined;
  found: HazeSearchResponse | undefined;
  onFound(found: HazeSearchResponse | undefined): void;
  onChoose(hit: HazeFound): void;
}

const hits = 10;

/** What a screen reader says when an answer comes. */
const summaryOf = ({ points }: HazeSearchResponse): string => {
  const [first] = points;
  if (first === undefined) return 'Nothing was found. Try other words, or fewer.';
  return `${points.length === 1 ? 'One hit' : `${points.length} hits`}, the best one: ${first.title}`;
};

/** A question, and its hits in their order. */
export const Ask = ({ space, includeGlobal, filter, found, onFound, onChoose }: AskProps): ReactNode => {
  const [question, setQuestion] = useState('');
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const ask = async (): Promise<void> => {
    setState({ busy: true });
    try {
      onFound(
        question.trim() === ''
          ? undefined
          : await space.haze.search({ query: question, limit: hits, include_global: includeGlobal, ...(filter === undefined ? {} : { filter }) }),
      );
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, problem: messageOf(error) });
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <label>
        Ask <input name="question" value={question} onChange={(event) => setQuestion(event.target.value)} placeholder="What do you want to know?" />
      </label>
      <div className="row">
        <button type="submit" className="wide" disabled={state.busy}>
          {state.busy ? 'Searching…' : 'Search'}
        </button>
        {found !== undefined && (
          <button type="button" onClick={() => onFound(undefined)}>
            Clear
          </button>
        )}
      </div>
      {state.problem !== undefined && (
        <p className="problem" role="alert">
          {state.problem}
        </p>
      )}
      <p className="quiet" role="status">
        {found === undefined ? '' : summaryOf(found)}
      </p>
      {found !== undefined && found.points.length > 0 && (
        <ol className="hits" aria-label="Hits">
          {found.points.map((hit) => (
            <li key={`${hit.source_scope} ${hit.id}`} data-id={hit.id} className={hit.source_scope}>
              <button type="button" onClick={() => onChoose(hit)}>
                <strong>{hit.title}</strong>{' '}
                <small>
                  {hit.source_scope} · {hit.score.toFixed(3)}
                  {hit.x === null && ' · not on the map yet'}
                </small>
                <br />
                {hit.snippet}
              </button>
            </li>
          ))}
        </ol>
      )}
    </form>
  );
};
