import { type ReactNode, useState } from 'react';
import type { Nexus } from '../client/index.ts';
import { SignIn } from './sign-in.tsx';
import { Spaces } from './spaces.tsx';

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
      <main>{client === undefined ? <SignIn onSignedIn={setClient} /> : <Spaces client={client} />}</main>
    </>
  );
};
