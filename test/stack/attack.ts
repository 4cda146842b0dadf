import fc from 'fast-check';
import type { Neighbours } from './neighbours.ts';
import type { Sending } from './send.ts';

/** One request of a tenant for what is not its own. */
export interface Attack {
  /** Straight to the runner it carries a grant, made for the attacker unless `grant` says otherwise. */
  target: 'edge' | 'runner';
  method: string;
  path: string;
  body: Sending['body'];
  headers: Record<string, string>;
  credential: 'own' | 'none' | 'forged';
  grant: 'own' | 'own for another path' | 'own for another body' | 'stolen' | 'forged' | 'none';
}

/** All that an attacker may know of the victim; everything but its credentials. */
export interface Knowledge extends Neighbours {
  env: string;
  documentIds: string[];
  /** A grant that the edge once made for the victim. */
  stolenGrant: string;
}

const encodings: ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => encodeURIComponent(encodeURIComponent(text)),
  (text) => [...text].map((char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
  (text) => text.replaceAll('.', '%2e').replaceAll('/', '%2f'),
  (text) => text.replaceAll('/', '%5c'),
  (text) => text.replaceAll('/', '/./'),
  (text) => `${text}%00`,
  (text) => text.toUpperCase(),
];

/** What a path may hold at all; other characters never leave an HTTP client. */
const sendable = (text: string): string => text.replace(/[^!-~]/g, encodeURIComponent);

export const attacks = (known: Knowledge): fc.Arbitrary<Attack> => {
  const area = `${known.victim}/${known.env}/p1/marketing`;
  const anyOf = <T>(...values: T[]) => fc.constantFrom(...values);
  const encoded = (texts: fc.Arbitrary<string>) => fc.tuple(texts, anyOf(...encodings)).map(([text, encode]) => sendable(encode(text)));
  const climb = fc.nat({ max: 8 }).map((steps) => '../'.repeat(steps));

  const spaceText = fc.oneof(
    anyOf(...known.spaces),
    fc.tuple(climb, anyOf(...known.spaces)).map(([up, space]) => `${up}${area}/${space}`),
    anyOf(...known.spaces).map((space) => `${known.victim}:${space}`),
    anyOf(...known.spaces).map((space) => `${space}.lance`),
    anyOf(known.victim, area, '_tasks', '_idempotency', '..', '*', '%', '_', ''),
  );
  const space = fc.oneof({ weight: 3, arbitrary: anyOf(...known.spaces) }, { weight: 2, arbitrary: encoded(spaceText) });
  const fileText = fc.oneof(
    anyOf(known.file),
    fc.tuple(climb, anyOf(known.file)).map(([up, file]) => `${up}${area}/${known.spaces[0]}/${file}`),
    anyOf(`sha256/${known.contentHash}`, `../uploads/sha256/${known.contentHash}`, `uploads/names/${known.contentHash}.json`),
  );
  const blobRef = fc
    .tuple(
      anyOf('nexus://', 'file://', 'file:', 'gs://', '', 'nexus:', 'NEXUS://', 'file://localhost'),
      fc.oneof(
        fileText,
        climb.map((up) => `${known.folder}/${up}x`),
        anyOf(known.folder, `${known.folder}/uploads/sha256/${known.contentHash}`),
      ),
      anyOf(...encodings.slice(0, 7)),
    )
    .map(([scheme, path, encode]) => scheme + encode(path));

  const search = fc.oneof(
    { weight: 4, arbitrary: anyOf('') },
    anyOf(
      `?tenant_id=${known.victim}`,
      `?tenant=${known.victim}`,
      '?scope=global',
      '?scope=tenant',
      `?scope=${known.victim}`,
      '?limit=100',
      '?include_global=true',
    ),
    anyOf(...known.cursors).map((cursor) => `?cursor=${cursor}`),
    anyOf(...known.cursors).map((cursor) => `?limit=1&cursor=${cursor}`),
  );
  const filter = anyOf<object>(
    { tenant_id: known.victim },
    { doc_id: known.documentIds[0] },
    { doc_id: { in: known.documentIds } },
    { or: [{ tenant_id: known.victim }, { not: { doc_id: 'x' } }] },
    { "owner' OR 1=1 --": 'victim' },
    { owner: "victim' OR '1'='1" },
    { owner: { starts_with: 'v' } },
    { doc_id: { exists: true } },
  );
  const queryBody = fc.record(
    {
      query: anyOf('salaries', `salaries of ${known.victim}`, '*', "' OR 1=1", area),
      limit: anyOf(1, 100),
      mode: anyOf('text', 'hybrid', 'vector'),
      filter,
      cursor: anyOf(...known.cursors),
      include_global: fc.boolean(),
      scope: anyOf('tenant', 'global', known.victim),
      after_task: anyOf(...known.taskIds),
      tenant_id: anyOf(known.victim),
      space_id: anyOf(...known.spaces),
      select: anyOf(['text', 'metadata'], ['vector']),
      explain: fc.boolean(),
    },
    { requiredKeys: ['query'] },
  );
  const ingestBody = fc.record({
    documents: fc.array(fc.record({ id: anyOf(...known.documentIds, 'mine'), blob_ref: blobRef }), { minLength: 1, maxLength: 2 }),
  });

  const deleteBody = fc.oneof(
    fc.record({ doc_ids: fc.uniqueArray(anyOf(...known.documentIds), { minLength: 1, maxLength: 3 }) }),
    anyOf<object>({ filter: { owner: 'victim' } }, { filter: { doc_id: { in: known.documentIds } } }),
  );
  const documentId = encoded(anyOf(...known.documentIds, `../../${area}/notes/d0`));

  const asks = (weight: number, methods: string[], path: fc.Arbitrary<string>, body: fc.Arbitrary<unknown> = fc.constant(undefined)) => ({
    weight,
    arbitrary: fc.record({ method: anyOf(...methods), path, body }),
  });
  const inSpace = (...rest: fc.Arbitrary<string>[]) => fc.tuple(space, ...rest).map((parts) => `/nexus/spaces/${parts.join('')}`);
  const text = (fixed: string) => fc.constant(fixed);

  const request = fc.oneof(
    asks(50, ['POST'], inSpace(text('/query'), search), queryBody),
    asks(20, ['POST'], inSpace(text('/ingest')), ingestBody),
    asks(20, ['GET'], inSpace(search)),
    asks(15, ['GET'], inSpace(text('/documents'), search)),
    asks(15, ['GET'], inSpace(text('/documents/'), documentId, anyOf('', '?include=text', '?scope=global'))),
    // Few: each that is accepted is a commit in a space of the attacker's own.
    asks(1, ['DELETE'], inSpace(text('/documents/'), documentId)),
    asks(1, ['POST'], inSpace(text('/documents/delete')), deleteBody),
    asks(25, ['GET', 'HEAD'], inSpace(text('/blobs/'), encoded(fileText), search)),
    asks(
      10,
      ['GET'],
      fc.tuple(anyOf('/nexus/spaces', '/nexus/tasks'), search).map((parts) => parts.join('')),
    ),
    asks(
      20,
      ['GET', 'HEAD'],
      encoded(anyOf(...known.taskIds, `../${area}/_tasks/${known.taskIds[0]}`)).map((id) => `/nexus/tasks/${id}`),
    ),
    asks(
      10,
      ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      encoded(fc.tuple(climb, anyOf(known.folder, area, 'secrets.json')).map(([up, rest]) => `/${up}${rest}`)),
    ),
  );

  const headers = fc.record(
    {
      'x-tenant-id': anyOf(known.victim, 't_system', `${known.victim},${known.victim}`),
      'x-nexus-tenant-id': anyOf(known.victim),
      'x-nexus-grant': anyOf(known.stolenGrant, 'x', `${known.stolenGrant}x`),
      'x-nexus-context': anyOf(JSON.stringify({ tenant_id: known.victim })),
      'x-surface-id': anyOf('marketing', '*', `../${known.victim}`),
      'x-project-id': anyOf('p1', '../p1'),
      'x-original-url': anyOf(`/nexus/spaces/${known.spaces[0]}`),
      'x-http-method-override': anyOf('GET', 'DELETE'),
      'x-forwarded-host': anyOf(known.victim),
      range: anyOf('bytes=0-10', 'bytes=-5'),
      'if-none-match': anyOf(`"${known.contentHash}"`, '*'),
    },
    { requiredKeys: [] },
  );

  return fc
    .record({
      target: anyOf<Attack['target']>('edge', 'runner'),
      request,
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
      credential: fc.oneof(
        { weight: 8, arbitrary: anyOf<Attack['credential']>('own') },
        { weight: 1, arbitrary: anyOf<Attack['credential']>('none', 'forged') },
      ),
      grant: fc.oneof(
        { weight: 6, arbitrary: anyOf<Attack['grant']>('own') },
        { weight: 4, arbitrary: anyOf<Attack['grant']>('own for another path', 'own for another body', 'stolen', 'forged', 'none') },
      ),
    })
    .map(({ request: asked, headers: sent, ...attack }) => ({ ...attack, ...asked, headers: { ...sent } as Record<string, string> }));
};
