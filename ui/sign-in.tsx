import { type ReactNode, useState } from 'react';
import { createNexus, type Nexus } from '../client/index.ts';
import { messageOf } from './message-of.ts';

/** What a JWT lets its holder choose from; read for suggestions alone, the server decides. */
const claimsOf = (token: string): Record<string, unknown> => {
  try {
    const part = token.split('.')[1] ?? '';
    return JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {};
  }
};

const choices = [
  { key: 'env', label: 'Env', claim: 'env' },
  { key: 'projectId', label: 'Project', claim: 'project_id' },
  { key: 'surfaceId', label: 'Surface', claim: 'surface_id' },
] as const;

const allowed = (claim: unknown): string[] => [claim].flat().filter((value): value is string => typeof value === 'string' && value !== '*');

/** @throws what the server answers to a credential that it does not take */
const tryOut = async (client: Nexus): Promise<void> => {
  for await (const _ of client.spaces({ limit: 1 })) return;
};

/** Nobody is let in who would see nothing but refusals: the credential is tried first. */
export const SignIn = ({ onSignedIn }: { onSignedIn(client: Nexus): void }): ReactNode => {
  const [token, setToken] = useState('');
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const claims = claimsOf(token);
  const chosenFor = (key: string): string | undefined => (chosen[key]?.trim() ? chosen[key].trim() : undefined);
  const signIn = async (): Promise<void> => {
    setState({ busy: true });
    try {
      const context = { env: chosenFor('env'), projectId: chosenFor('projectId'), surfaceId: chosenFor('surfaceId') };
      const client = createNexus({ url: location.origin, token: token.trim(), ...context });
      await tryOut(client);
      onSignedIn(client);
    } catch (error) {
      setState({ busy: false, problem: messageOf(error) });
    }
  };
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        void signIn();
      }}
    >
      <h2>Sign in</h2>
      <p>With a token or an API key. It stays in this page's memory and goes when you leave.</p>
      <label>
        Token
        <input
          name="token"
          type="password"
          autoComplete="off"
          required
          aria-invalid={state.problem !== undefined}
          aria-describedby={state.problem === undefined ? undefined : 'sign-in-problem'}
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
      </label>
      {choices.map(({ key, label, claim }) => (
        <label key={key}>
          {label}
          <input
            name={key}
            list={`choices-${key}`}
            value={chosen[key] ?? ''}
            placeholder={allowed(claims[claim]).length === 1 ? allowed(claims[claim])[0] : 'what the token allows'}
            onChange={(event) => setChosen({ ...chosen, [key]: event.target.value })}
          />
          <datalist id={`choices-${key}`}>
            {allowed(claims[claim]).map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
        </label>
      ))}
      <button type="submit" disabled={state.busy}>
        {state.busy ? 'Signing in…' : 'Sign in'}
      </button>
      {state.problem !== undefined && (
        <p className="problem" role="alert" id="sign-in-problem">
          {state.problem}
        </p>
      )}
      <p>
        <small>
          On the local stack: <code>npx nexus token --tenant t_local --project default --surface default</code>
        </small>
      </p>
    </form>
  );
};
