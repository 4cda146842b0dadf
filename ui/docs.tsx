import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { curlOf, exampleRequest } from './example-request.ts';
import type { ApiDocument, Operation } from './open-api.ts';
import './style.css';

/** The API, as `/openapi.json` describes it: what stands there is what the code runs by. */

interface Listed {
  path: string;
  method: string;
  operation: Operation;
}

const Endpoint = (listed: Listed): ReactNode => {
  const { path, method, operation } = listed;
  return (
    <section id={operation.operationId}>
      <h2>
        <b className="method">{method.toUpperCase()}</b> <code>{path}</code>
      </h2>
      <p>{operation.summary}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
      <pre tabIndex={0}>{curlOf(location.origin, exampleRequest(path, method, operation))}</pre>
      <details>
        <summary>Parameters and body</summary>
        <table>
          <tbody>
            {(operation.parameters ?? []).map(({ name, in: place, required, description, schema }) => (
              <tr key={`${place} ${name}`}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  {place}
                  {required ? ', required' : ''}
                </td>
                <td>{description ?? schema?.description ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {operation.requestBody !== undefined && <pre>{JSON.stringify(Object.values(operation.requestBody.content)[0]?.schema, null, 2)}</pre>}
      </details>
      <details>
        <summary>Answers</summary>
        <table>
          <tbody>
            {Object.entries(operation.responses).map(([status, { description, content }]) => (
              <tr key={status}>
                <th scope="row">{status}</th>
                <td>
                  {description}
                  {Number(status) < 300 && content !== undefined && <pre>{JSON.stringify(Object.values(content)[0]?.schema, null, 2)}</pre>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
};

/** Every code there is. */
const Errors = ({ codes }: { codes: Record<string, number> }): ReactNode => (
  <section id="errors" aria-label="Error codes">
    <h2>Error codes</h2>
    <table>
      <tbody>
        {[...Map.groupBy(Object.entries(codes), ([, status]) => status)]
          .sort(([a], [b]) => a - b)
          .map(([status, entries]) => (
            <tr key={status}>
              <th scope="row">{status}</th>
              <td>
                {entries.map(([code]) => (
                  <code key={code}>{code} </code>
                ))}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  </section>
);

const Docs = (): ReactNode => {
  const [api, setApi] = useState<ApiDocument>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    fetch('/openapi.json')
      .then(async (answer) => setApi((await answer.json()) as ApiDocument))
      .catch((error: unknown) => setProblem(`The description cannot be read: ${error}`));
  }, []);
  const operations = Object.entries(api?.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Listed => ({ path, method, operation })),
  );
  return (
    <>
      <header>
        <h1>Nexus API {api?.info.version}</h1>
        <nav>
          <a href="/">Haze</a>
          <a href="/openapi.json">openapi.json</a>
        </nav>
      </header>
      <main className="docs">
        {problem !== undefined && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <p>
          Every call under <code>/nexus</code> and to <code>/mcp</code> needs <code>Authorization: Bearer …</code>: a JWT or an API key, <code>$TOKEN</code> in
          the examples, which work as they stand. Failures of every kind come in one envelope:{' '}
          <code>{'{"error": {"code", "message", "http_status", "request_id", "retryable"}}'}</code>; the message says what to do.
        </p>
        <nav aria-label="Endpoints">
          <ul>
            {operations.map(({ path, method, operation }) => (
              <li key={operation.operationId}>
                <a href={`#${operation.operationId}`}>
                  {method.toUpperCase()} {path}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {api !== undefined && <Errors codes={api.components.schemas.Error['x-codes']} />}
        {operations.map((listed) => (
          <Endpoint key={listed.operation.operationId} {...listed} />
        ))}
      </main>
    </>
  );
};

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Docs />);
