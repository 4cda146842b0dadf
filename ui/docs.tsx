import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { exampleOf } from './example-of.ts';
import type { ApiDocument, Operation } from './open-api.ts';
import './style.css';

/** The API, as `/openapi.json` describes it: what stands there is what the code runs by. */

interface Listed {
  path: string;
  method: string;
  operation: Operation;
}

const curlOf = ({ path, method, operation }: Listed): string => {
  const url = `${location.origin}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ({ space_id: 'docs', doc_id: 'returns', name: 'file.txt' })[name] ?? `$${name.toUpperCase()}`)}`;
  const lines = [`curl -X ${method.toUpperCase()} '${url}'`, `-H "authorization: Bearer $TOKEN"`];
  const json = operation.requestBody?.content['application/json'];
  if (json !== undefined) lines.push(`-H 'content-type: application/json'`, `-d '${JSON.stringify(exampleOf(operation.operationId, json.schema))}'`);
  else if (operation.requestBody !== undefined) lines.push(`--data-binary @file.txt`);
  return lines.join(' \\\n  ');
};

const Endpoint = (listed: Listed): ReactNode => {
  const { path, method, operation } = listed;
  return (
    <section id={operation.operationId}>
      <h2>
        <b className="method">{method.toUpperCase()}</b> <code>{path}</code>
      </h2>
      <p>{operation.summary}</p>
      <pre>{curlOf(listed)}</pre>
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
          Every call needs <code>Authorization: Bearer …</code>: a JWT or an API key. Failures of every kind come in one envelope:{' '}
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
        {operations.map((listed) => (
          <Endpoint key={listed.operation.operationId} {...listed} />
        ))}
      </main>
    </>
  );
};

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Docs />);
