import { complementTaskId, taskIdPattern, taskIdTimeMs } from '../../shared/ids.ts';
import { limits } from '../../shared/limits.ts';
import { type Area, envSchema, locateArea, projectIdSchema, surfaceIdSchema, tenantIdSchema } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';

const removeFolder = async (blobs: Blobs, folder: string): Promise<void> => {
  for (const name of await blobs.list(folder)) await blobs.delete(`${folder}/${name}`);
};

const folders = (blobs: Blobs, path: string): Promise<string[]> => blobs.list(path, { folders: true });

/** Folders whose names are ours; what else lies about is none of our business. */
const foldersOf = async (blobs: Blobs, path: string, schema: { safeParse(name: string): { success: boolean } }): Promise<string[]> =>
  (await folders(blobs, path)).filter((name) => schema.safeParse(name).success);

/** Every area that has anything under a root. */
async function* areasIn(blobs: Blobs): AsyncGenerator<Area> {
  for (const tenant_id of await foldersOf(blobs, '', tenantIdSchema)) {
    for (const env of await foldersOf(blobs, tenant_id, envSchema)) {
      for (const project_id of await foldersOf(blobs, `${tenant_id}/${env}`, projectIdSchema)) {
        for (const surface_id of await foldersOf(blobs, `${tenant_id}/${env}/${project_id}`, surfaceIdSchema)) yield { tenant_id, env, project_id, surface_id };
      }
    }
  }
}

/** Folders of tasks whose time has passed. Their names tell: no record is read. */
const expiredTasks = async (blobs: Blobs, area: Area, nowMs: number): Promise<string[]> => {
  const { tasks } = locateArea(area);
  const names = await folders(blobs, tasks);
  return names.filter((name) => taskIdPattern.test(name) && nowMs - taskIdTimeMs(complementTaskId(name)) > limits.taskTtlMs).map((name) => `${tasks}/${name}`);
};

const expiredKeys = async (blobs: Blobs, area: Area, nowMs: number): Promise<string[]> => {
  const { idempotency } = locateArea(area);
  const expired: string[] = [];
  for (const name of await folders(blobs, idempotency)) {
    const [newest] = await blobs.list(`${idempotency}/${name}`, { limit: 1 });
    const found = newest === undefined ? undefined : await blobs.head(`${idempotency}/${name}/${newest}`);
    if (found !== undefined && nowMs - found.modifiedMs > limits.idempotencyTtlMs) expired.push(`${idempotency}/${name}`);
  }
  return expired;
};

/** Removes records whose lifetime is over: tasks after 30 days, idempotency keys after one. @returns how many went */
export const removeExpired = async (blobs: Blobs, nowMs: number, most: number): Promise<number> => {
  let removed = 0;
  for await (const area of areasIn(blobs)) {
    for (const folder of [...(await expiredTasks(blobs, area, nowMs)), ...(await expiredKeys(blobs, area, nowMs))]) {
      if (removed >= most) return removed;
      await removeFolder(blobs, folder);
      removed += 1;
    }
  }
  return removed;
};
