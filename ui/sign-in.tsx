import { type ReactNode, useState } from 'react';

export interface Credential {
  token: string;
  env: string | undefined;
  projectId: string | undefined;
  surfaceId: string | undefined;
}

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

export const SignIn = ({ onSignIn }: { onSignIn(credential: Credential): void }): ReactNode => {
  const [token, setToken] = useState('');
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const claims = claimsOf(token);
  const chosenFor = (key: string): string | undefined => (chosen[key]?.trim() ? chosen[key].trim() : undefined);
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        onSignIn({ token: token.trim(), env: chosenFor('env'), projectId: chosenFor('projectId'), surfaceId: chosenFor('surfaceId') });
      }}
    >
      <h2>Sign in</h2>
      <p>With a token or an API key. It stays in this page's memory and goes when you leave.</p>
      <label>
        Token <input name="token" type="password" autoComplete="off" required value={token} onChange={(event) => setToken(event.target.value)} />
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
      <button type="submit">Sign in</button>
      <p>
        <small>
          On the local stack: <code>npx nexus token --tenant t_local --project default --surface default</code>
        </small>
      </p>
    </form>
  );
};
