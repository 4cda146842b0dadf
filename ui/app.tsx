import { type ReactNode, useEffect, useState } from 'react';
import { createNexus, type Nexus, type SpaceEntry } from '../client/index.ts';
import { HazeViewer } from './haze-viewer.tsx';
import { messageOf } from './message-of.ts';
import { SignIn } from './sign-in.tsx';

/** Spaces that the chooser lists; others can be typed. */
const listed = 500;

const Spaces = ({ client }: { client: Nexus }): ReactNode => {
  const [spaces, setSpaces] = useState<SpaceEntry[]>();
  const [problem, setProblem] = useState<string>();
  const [typed, setTyped] = useState('');
  const [space, setSpace] = useState<string>();
  useEffect(() => {
    const load = async (): Promise<void> => {
      const all: SpaceEntry[] = [];
      for await (const entry of client.spaces({ limit: 100 })) if (all.push(entry) === listed) break;
      setSpaces(all);
    };
    load().catch((error: unknown) => setProblem(messageOf(error)));
  }, [client]);
  return (
    <>
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== '') setSpace(typed);
        }}
      >
        <label>
          Space{' '}
          <input
            name="space"
            list="spaces"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            placeholder={spaces === undefined ? 'loading…' : 'choose or type'}
          />
        </label>
        <datalist id="spaces">
          {spaces?.map(({ space_id }) => (
            <option key={space_id} value={space_id} />
          ))}
        </datalist>
        <button type="submit">Open</button>
        {spaces?.length === 0 && <span>There is no space here yet. Type a name and add files to it.</span>}
      </form>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {space !== undefined && <HazeViewer key={space} client={client} space={space} />}
    </>
  );
};

/** Sign in, choose a space, look. The credential lives in this page's memory alone and is gone with it. */
export const App = (): ReactNode => {
  const [client, setClient] = useState<Nexus>();
  return (
    <>
      <header>
        <h1>Nexus Haze</h1>
        <nav>
          <a href="/docs">API</a>
          {client !== undefined && (
            <button type="button" onClick={() => setClient(undefined)}>
              Sign out
            </button>
          )}
        </nav>
      </header>
      <main>
        {client === undefined ? (
          <SignIn onSignIn={({ token, env, projectId, surfaceId }) => setClient(createNexus({ url: location.origin, token, env, projectId, surfaceId }))} />
        ) : (
          <Spaces client={client} />
        )}
      </main>
    </>
  );
};
