import { describe, expect, test } from 'vitest';
import { errorCodes, statusOf } from '../../shared/errors.ts';
import { endpointList } from '../../shared/http/endpoints.ts';
import { openApiDocument } from '../../shared/http/openapi.ts';
import { otherOperations } from '../../shared/http/other-operations.ts';

interface Operation {
  operationId: string;
  summary: string;
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Record<string, unknown>; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Record<string, unknown> }> }>;
}
// What a client reads is the JSON, so that is what is looked at.
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3')));
const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const operationOf = (id: string): Operation => {
  const found = operations.find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found.operation;
};

const everyNode = (value: unknown, visit: (node: Record<string, unknown>) => void): void => {
  if (value === null || typeof value !== 'object') return;
  if (!Array.isArray(value)) visit(value as Record<string, unknown>);
  for (const member of Object.values(value)) everyNode(member, visit);
};

describe('the OpenAPI document', () => {
  test('is OpenAPI 3.1 with a title, a version and bearer authentication', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Nexus Lite', version: '1.2.3' });
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
  });

  test('has every endpoint of the table, each once, and no other', () => {
    const listed = operations.map(({ method, path, operation }) => `${operation.operationId} ${method.toUpperCase()} ${path}`);
    const others = otherOperations.map(({ id, method, path }) => `${id} ${method.toUpperCase()} ${path}`);
    expect(others).toContain('mcp POST /mcp');
    expect(listed.sort()).toEqual([...endpointList.map(({ id, method, path }) => `${id} ${method} ${path}`), ...others].sort());
  });

  test('gives every JSON body an example, which its own schema takes', () => {
    const bodies = endpointList.filter(({ body }) => body?.kind === 'json');
    expect(bodies.length).toBeGreaterThan(4);
    for (const { id, body } of bodies) {
      const example = operationOf(id).requestBody?.content['application/json']?.example;
      expect(example, id).toBeTypeOf('object');
      if (body?.kind === 'json') expect(body.schema.safeParse(example), id).toMatchObject({ success: true });
    }
  });

  test('has no reference that leads nowhere', () => {
    let references = 0;
    everyNode(document, ({ $ref }) => {
      if (typeof $ref !== 'string') return;
      references += 1;
      expect($ref).toMatch(/^#\//);
      const target = $ref
        .slice(2)
        .split('/')
        .reduce((at: unknown, step) => (at as Record<string, unknown> | undefined)?.[step], document);
      expect(target).toBeTypeOf('object');
    });
    expect(references).toBeGreaterThan(0);
  });

  test('names in its error schema every code there is', () => {
    expect(document.components.schemas.Error.properties.error.properties.code.enum.toSorted()).toEqual([...errorCodes].sort());
  });

  test('repeats no $schema and no $defs inside, which OpenAPI tools stumble over', () => {
    everyNode(document, (node) => {
      expect(node).not.toHaveProperty('$schema');
      expect(node).not.toHaveProperty('$defs');
    });
  });
});

describe.each(endpointList.map((endpoint) => [endpoint.id, endpoint] as const))('%s', (id, endpoint) => {
  const operation = operationOf(id);

  test('declares exactly the parameters that stand in its path, all required', () => {
    const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort());
    expect(declared.every(({ required }) => required)).toBe(true);
  });

  test('declares no parameter twice, and each with a schema', () => {
    const names = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(operation.parameters.every(({ schema }) => typeof schema === 'object')).toBe(true);
  });

  test('tells its success, and each of its codes under the right status', () => {
    expect(operation.responses[endpoint.status]).toBeDefined();
    for (const code of endpoint.codes) expect(operation.responses[statusOf(code)]?.description).toContain(code);
    for (const kind of endpoint.routes) expect(operation.responses[503]?.description).toContain(`${kind}.missing_route`);
    expect(operation.responses[401]?.description).toContain('auth.unauthenticated');
    expect(operation.responses[500]?.description).toContain('nexus.internal');
    for (const [status, { description }] of Object.entries(operation.responses)) {
      if (Number(status) < 300) continue;
      for (const code of description.split(', ')) expect(`${code} ${statusOf(code as (typeof errorCodes)[number])}`).toBe(`${code} ${status}`);
    }
  });

  test('describes its body exactly when it takes one, and says that it takes an idempotency key exactly when it does', () => {
    expect(operation.requestBody !== undefined).toBe(endpoint.body !== undefined);
    if (endpoint.body?.kind === 'json') {
      const schema = operation.requestBody?.content['application/json']?.schema;
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(Object.keys((schema?.properties as object | undefined) ?? {}).length).toBeGreaterThan(0);
    }
    expect(operation.parameters.some(({ name }) => name === 'Idempotency-Key')).toBe(endpoint.idempotent === true);
  });
});
