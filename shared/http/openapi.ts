import { z } from 'zod';
import { type ErrorCode, errorCodes, statusOf } from '../errors.ts';
import { type Endpoint, endpointList } from './endpoints.ts';
import { bodyExamples, parameterExamples } from './examples.ts';
import { type OtherOperation, otherOperations } from './other-operations.ts';

const errorSchema = z.object({
  error: z.object({
    code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    http_status: z.number().int(),
    request_id: z.string(),
    retryable: z.boolean(),
    resource_kind: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  return rest;
};

/** Codes that any call with a credential can give. */
const commonCodes: readonly ErrorCode[] = [
  'nexus.context_missing',
  'auth.unauthenticated',
  'auth.tenant_mismatch',
  'auth.context_forbidden',
  'auth.role_required',
  'nexus.validation_failed',
  'nexus.rate_limited',
  'nexus.internal',
  'nexus.upstream_invalid',
  'nexus.overloaded',
  'nexus.upstream_unavailable',
  'nexus.timeout',
];
const bodyCodes: readonly ErrorCode[] = ['nexus.payload_too_large', 'nexus.unsupported_media_type'];

const codesOf = (endpoint: Endpoint): ErrorCode[] => [
  ...commonCodes,
  ...endpoint.codes,
  ...endpoint.routes.map((kind) => `${kind}.missing_route` as const),
  ...(endpoint.body === undefined ? [] : bodyCodes),
  ...(endpoint.body?.kind === 'json' ? (['nexus.malformed_json'] as const) : []),
];

const errorResponses = (errors: readonly ErrorCode[]) => {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errors) byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        { description: codes.join(', '), content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
      ]),
  );
};

const parametersOf = (endpoint: Endpoint) => {
  const of = (place: 'path' | 'query', schema: z.ZodType | undefined) => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = jsonSchema(schema, 'input') as { properties?: Record<string, unknown>; required?: string[] };
    return Object.entries(properties).map(([name, property]) => ({
      ...{ name, in: place, required: place === 'path' || required.includes(name), schema: property },
      ...(place === 'path' && parameterExamples[name] !== undefined ? { example: parameterExamples[name] } : {}),
    }));
  };
  const header = (name: string, description: string) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } });
  return [
    ...of('path', endpoint.params),
    ...of('query', endpoint.query),
    header('X-Env', 'Chooses an env when the credential allows several'),
    header('X-Project-Id', 'Chooses a project when the credential allows several'),
    header('X-Surface-Id', 'Chooses a surface when the credential allows several'),
    ...(endpoint.idempotent ? [header('Idempotency-Key', 'The same key and body within 24 hours is one acceptance')] : []),
  ];
};

const bodyOf = (endpoint: Endpoint) => {
  if (endpoint.body === undefined) return {};
  const content =
    endpoint.body.kind === 'json'
      ? { 'application/json': { schema: jsonSchema(endpoint.body.schema, 'input'), example: bodyExamples[endpoint.id] } }
      : { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  return { requestBody: { required: true, content } };
};

/** The same answer in another media type. */
const alsoOf = ({ alsoAs }: Endpoint) => (alsoAs === undefined ? {} : { [alsoAs]: { schema: { type: 'string', format: 'binary' } } });

const successOf = (endpoint: Endpoint) => ({
  description: endpoint.status === 202 ? 'Accepted; `Location` names the task' : 'OK',
  ...(endpoint.response === undefined ? {} : { content: { 'application/json': { schema: jsonSchema(endpoint.response, 'output') }, ...alsoOf(endpoint) } }),
});

const otherOperation = ({ id, summary, isPublic, body, accept, response, codes }: OtherOperation) => ({
  operationId: id,
  summary,
  ...(isPublic ? { security: [] } : {}),
  ...(accept === undefined ? {} : { parameters: [{ name: 'Accept', in: 'header', required: true, schema: { type: 'string' }, example: accept }] }),
  ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': body } } }),
  responses: { '200': { description: 'OK', content: { 'application/json': { schema: response } } }, ...errorResponses(codes) },
});

/** OpenAPI 3.1, from the same rows and schemas that the code runs by. */
export const openApiDocument = (version: string) => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpointList) {
    const operation = {
      operationId: endpoint.id,
      summary: endpoint.summary,
      parameters: parametersOf(endpoint),
      ...bodyOf(endpoint),
      responses: { [String(endpoint.status)]: successOf(endpoint), ...errorResponses(codesOf(endpoint)) },
    };
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation };
  }
  for (const other of otherOperations) paths[other.path] = { ...paths[other.path], [other.method]: otherOperation(other) };
  return {
    openapi: '3.1.0',
    info: { title: 'Nexus Lite', version, description: 'A tenant-isolated RAG store on object storage.' },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A JWT or an API key' } },
      // Every code with its status, for the page that explains them.
      schemas: { Error: { ...jsonSchema(errorSchema, 'output'), 'x-codes': Object.fromEntries(errorCodes.map((code) => [code, statusOf(code)])) } },
    },
  };
};
