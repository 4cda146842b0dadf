import { expect } from 'vitest';
import type { Task } from '../../shared/http/tasks.ts';
import { grantedFetch } from './granted-fetch.ts';
import { docIdsOf, expectationOf } from './model.ts';
import type { Stage } from './play.ts';
import type { Published } from './published.ts';

/** Every task of a history as the API tells it. */
export const tasksOf = async ({ origin, accepted }: Stage): Promise<Map<string, Task>> => {
  const tasks = new Map<string, Task>();
  for (const taskId of accepted.keys()) {
    const { status, body } = await grantedFetch(origin, 'GET', `/nexus/tasks/${taskId}`);
    expect(status, `task ${taskId} can be read`).toBe(200);
    tasks.set(taskId, body);
  }
  return tasks;
};

/** The space's last published content is what the contract owes. @returns which documents there are */
export const checkContent = (stage: Stage, final: Published | undefined): string[] => {
  const accepted = [...stage.accepted.values()];
  const held = final === undefined || final.life < stage.lives ? new Map<string, never>() : final.documents;
  if (final !== undefined && final.life < stage.lives) expect([...final.documents.keys()], 'nothing of an earlier life is left').toEqual([]);
  for (const docId of docIdsOf(accepted)) {
    const { writtenBy, mayBeAbsent, mustBeAbsent } = expectationOf(accepted, docId, stage.lives);
    const found = held.get(docId)?.taskId;
    if (mustBeAbsent) expect(found, `${docId} was deleted`).toBeUndefined();
    else if (!mayBeAbsent) expect(found, `${docId} is the last accepted one`).toBe(writtenBy?.taskId);
    else if (found !== undefined) expect(found, `${docId} is the last accepted one, where it is`).toBe(writtenBy?.taskId);
  }
  return [...held.keys()].sort();
};

/** The API shows the same documents. */
export const checkDocuments = async ({ origin, key }: Stage, docIds: readonly string[]): Promise<void> => {
  const { status, body } = await grantedFetch(origin, 'GET', `/nexus/spaces/${key.space_id}/documents?limit=100`);
  expect(status).toBe(200);
  expect(body.documents.map(({ doc_id }: { doc_id: string }) => doc_id).sort()).toEqual(docIds);
  const query = await grantedFetch(origin, 'POST', `/nexus/spaces/${key.space_id}/query`, { query: 'sentence version', mode: 'text', limit: 100 });
  expect(query.status).toBe(200);
};

/** Every task has ended well and says what can be. */
export const checkTasks = (stage: Stage, tasks: ReadonlyMap<string, Task>, final: Published | undefined): void => {
  for (const { taskId, wish, documents, life } of stage.accepted.values()) {
    const task = tasks.get(taskId);
    if (task === undefined) throw new Error(`task ${taskId} is missing`);
    const { status, counts, errors, attempts, commit_version } = task;
    expect({ status, errors }, `task ${taskId}: ${wish.kind}`).toEqual({ status: 'succeeded', errors: [] });
    expect(attempts).toBeGreaterThan(0);
    expect(counts.failed).toBe(0);
    if (commit_version !== null) expect(commit_version).toBeGreaterThan(0);
    if (wish.kind === 'ingest') {
      expect(counts.documents).toBe(documents.size);
      // What went with its space before its turn came was not read.
      if (life === stage.lives) expect(counts.chunks).toBeGreaterThanOrEqual(documents.size);
      expect(counts.written + counts.superseded, 'each document is written or superseded').toBe(documents.size);
      const standing = [...(final?.documents.values() ?? [])].filter((request) => request.taskId === taskId).length;
      expect(counts.written, 'what stands was written').toBeGreaterThanOrEqual(standing);
    } else {
      expect(counts.documents).toBe(counts.written + counts.superseded);
      if (wish.kind === 'delete' && life === stage.lives) expect(counts.documents).toBeLessThanOrEqual(wish.ids.length);
    }
  }
};
