import type { Operation } from './open-api.ts';

export interface ExampleRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Absent: none. `file`: the bytes of a file. */
  body?: { json: string } | { file: string };
}

const file = 'prices.txt';

/** What the description gives as an example of an operation: a request that works as it stands, but for `$TOKEN` and `$TASK_ID`. */
export const exampleRequest = (path: string, method: string, operation: Operation): ExampleRequest => {
  const examples = new Map((operation.parameters ?? []).map(({ name, example }) => [name, example]));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => examples.get(name) ?? `$${name.toUpperCase()}`);
  const headers: Record<string, string> = operation.security?.length === 0 ? {} : { authorization: 'Bearer $TOKEN' };
  const accept = examples.get('Accept');
  if (accept !== undefined) headers.accept = accept;
  const json = operation.requestBody?.content['application/json'];
  const request = { method: method.toUpperCase(), path: filled, headers };
  if (json !== undefined)
    return { ...request, headers: { ...headers, 'content-type': 'application/json' }, body: { json: JSON.stringify(json.example, null, 2) } };
  if (operation.requestBody !== undefined) return { ...request, headers: { ...headers, 'content-type': 'text/plain' }, body: { file } };
  return request;
};

/** The same as a line for a shell. */
export const curlOf = (origin: string, { method, path, headers, body }: ExampleRequest): string => {
  // With -X HEAD curl would wait for a body.
  const lines = [`curl ${method === 'HEAD' ? '--head' : `-X ${method}`} "${origin}${path}"`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H "${name}: ${value}"`);
  if (body !== undefined) lines.push('json' in body ? `-d '${body.json}'` : `--data-binary @${body.file}`);
  return lines.join(' \\\n  ');
};
