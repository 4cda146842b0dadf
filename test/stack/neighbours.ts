import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { newTenant } from './common-stack.ts';
import type { Sending } from './send.ts';
import type { StackCaller } from './stack-caller.ts';

/** Two tenants of one project and surface, with spaces of the same names. */
export interface Neighbours {
  attacker: string;
  victim: string;
  /** Stands in all that is the victim's, and in nothing that is ever sent for the attacker. */
  marker: string;
  /** Writers' tokens. */
  own: string;
  victims: string;
  /** What the victim has, as an attacker may have found out. */
  spaces: string[];
  taskIds: string[];
  /** Of the query `salaries` in each space. */
  cursors: string[];
  file: string;
  contentHash: string;
  /** Of the space `notes`, on the runner's disk. */
  folder: string;
}

/** One of every kind. */
export const requestsForWhatIsTheVictims: [string, string, Sending][] = [
  ['POST', '/nexus/spaces/notes/query', { body: { query: 'salaries' } }],
  ['POST', '/nexus/spaces/notes/ingest', { body: { documents: [{ id: 'd0', text: 'overwritten' }] } }],
  ['GET', '/nexus/spaces/notes', {}],
  ['PUT', '/nexus/spaces/notes', { body: { language: 'de' } }],
  ['DELETE', '/nexus/spaces/notes', {}],
  ['GET', '/nexus/spaces/notes/documents', {}],
  ['GET', '/nexus/spaces/notes/documents/d0?include=text', {}],
  ['DELETE', '/nexus/spaces/notes/documents/d0', {}],
  ['POST', '/nexus/spaces/notes/documents/delete', { body: { doc_ids: ['d0'] } }],
  ['GET', '/nexus/spaces', {}],
  ['GET', '/nexus/tasks', {}],
  ['GET', '/nexus/tasks/task_0', {}],
  ['GET', '/nexus/spaces/notes/haze/points', {}],
  ['POST', '/nexus/spaces/notes/haze/points', { body: { query: 'salaries' } }],
  ['POST', '/nexus/spaces/notes/haze/snapshot', {}],
  ['GET', '/nexus/spaces/notes/blobs/plans.txt', {}],
  ['PUT', '/nexus/spaces/notes/blobs/plans.txt', { body: 'overwritten' }],
];

export const salaries = { query: 'salaries', limit: 2 };

/** The victim has five documents in each of two spaces and a file; the attacker one document, in a space of its own by the first name. */
export const settleNeighbours = async (stack: StackCaller, env = 'dev'): Promise<Neighbours> => {
  const [attacker, victim] = [newTenant(), newTenant()];
  const [own, victims] = await Promise.all([stack.token({ tenant: attacker, env }), stack.token({ tenant: victim, env })]);
  const marker = `marker${randomBytes(8).toString('hex')}`;
  const spaces = ['notes', 'only-of-the-victim'];
  const documents = Array.from({ length: 5 }, (_, i) => ({ id: `d${i}`, text: `salaries ${marker} ${i}`, metadata: { owner: 'victim', note: marker } }));
  const tasks = await Promise.all(spaces.map((space) => stack.ingestAndWait(victims, space, { documents })));
  await stack.ingestAndWait(own, 'notes', { documents: [{ id: 'own', text: 'salaries of my own', metadata: { owner: 'attacker' } }] });
  const file = 'plans.txt';
  const uploading = { token: victims, body: `plans ${marker}`, headers: { 'content-type': 'text/plain' } };
  const put = await stack.call('PUT', `/nexus/spaces/notes/blobs/${file}`, uploading);
  const pages = await Promise.all(spaces.map((space) => stack.call('POST', `/nexus/spaces/${space}/query`, { token: victims, body: salaries })));
  const cursors = pages.map(({ body }) => body.next_cursor);
  if (put.status !== 200 || cursors.some((cursor) => typeof cursor !== 'string')) throw new Error('the victim could not settle');
  const folder = join(stack.data, 'blobs', victim, env, 'p1', 'marketing', 'notes');
  return { attacker, victim, marker, own, victims, spaces, taskIds: tasks.map(({ task_id }) => task_id), cursors, file, contentHash: put.body.sha256, folder };
};
