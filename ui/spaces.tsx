import { type ReactNode, useEffect, useState } from 'react';
import type { Nexus, SpaceEntry } from '../client/index.ts';
import { HazeViewer } from './haze-viewer.tsx';
import { messageOf } from './message-of.ts';

/** Spaces that the list shows; others can be typed. */
const listed = 500;

const dateOf = (time: string): string => new Date(time).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });

interface ListProps {
  spaces: readonly SpaceEntry[] | undefined;
  typed: string;
  onOpen(space: string): void;
}

const List = ({ spaces, typed, onOpen }: ListProps): ReactNode => {
  if (spaces === undefined) return <progress aria-label="Spaces are loading" />;
  if (spaces.length === 0)
    return <p>There is no space here yet. Type a name for one, open it, and drop files on the page: it is there with its first document.</p>;
  const fitting = spaces.filter(({ space_id }) => space_id.toLowerCase().includes(typed.toLowerCase()));
  if (fitting.length === 0) return <p>No space is called like this. Open it all the same, and add files to it: it is there with its first document.</p>;
  return (
    <ul className="spaces" aria-label="Spaces">
      {fitting.map(({ space_id, created_at }) => (
        <li key={space_id}>
          <button type="button" onClick={() => onOpen(space_id)}>
            <strong>{space_id}</strong> <small>since {dateOf(created_at)}</small>
          </button>
        </li>
      ))}
    </ul>
  );
};

/** The spaces of a context, and the one that is looked at. */
export const Spaces = ({ client }: { client: Nexus }): ReactNode => {
  const [spaces, setSpaces] = useState<SpaceEntry[]>();
  const [problem, setProblem] = useState<string>();
  const [typed, setTyped] = useState('');
  const [space, setSpace] = useState<string>();
  const [isChoosing, setIsChoosing] = useState(true);
  useEffect(() => {
    if (!isChoosing) return;
    const load = async (): Promise<void> => {
      const all: SpaceEntry[] = [];
      for await (const entry of client.spaces({ limit: 100 })) if (all.push(entry) === listed) break;
      setSpaces(all);
    };
    load().then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(messageOf(error)),
    );
  }, [client, isChoosing]);
  const open = (chosen: string): void => {
    setSpace(chosen);
    setTyped(chosen);
    setIsChoosing(false);
  };
  return (
    <>
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== '') open(typed);
        }}
      >
        <label>
          Space
          <input
            name="space"
            autoComplete="off"
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              setIsChoosing(true);
            }}
            placeholder="choose or type"
          />
        </label>
        <button type="submit">Open</button>
        {!isChoosing && (
          <button
            type="button"
            onClick={() => {
              setTyped('');
              setIsChoosing(true);
            }}
          >
            All spaces
          </button>
        )}
      </form>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {isChoosing && problem === undefined && <List spaces={spaces} typed={typed} onOpen={open} />}
      {space !== undefined && !isChoosing && <HazeViewer key={space} client={client} space={space} />}
    </>
  );
};
