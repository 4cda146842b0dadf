import { mayWrite, type RequestContext } from '../../shared/context.ts';
import { spaceKeyText } from '../../shared/space-key.ts';
import type { AcceptanceDeps } from '../tasks/acceptance.ts';
import { acceptSnapshot } from './accept-snapshot.ts';
import type { AskForSnapshot } from './ask-for-snapshot.ts';
import type { OpenSpace } from './open-maps.ts';

export interface FirstSnapshotDeps extends AcceptanceDeps {
  askForSnapshot: AskForSnapshot;
}

export interface FirstSnapshot {
  hint?: string;
  task_id?: string;
}

/**
 * What to say where a map is missing. A writer's look starts the first one; the same look again, at the same version,
 * finds the same task.
 */
export const firstSnapshot = async (
  deps: FirstSnapshotDeps,
  context: RequestContext,
  requestId: string,
  spaces: readonly OpenSpace[],
): Promise<FirstSnapshot> => {
  if (spaces.length === 0) return { hint: 'There is nothing in this space yet. Ingest documents, then look again.' };
  const missing = spaces.filter(({ map }) => map === undefined);
  if (missing.length === 0) return {};
  const how = 'POST /nexus/spaces/{space_id}/haze/snapshot makes one';
  if (!mayWrite(context)) return { hint: `There is no snapshot of this space yet. ${how}; it needs the role writer.` };
  let task_id: string | undefined;
  for (const { key, head } of missing) {
    // Whoever may read a global space may have it drawn; a task of it is the platform's alone.
    if (key.tenant_id !== context.tenant_id) {
      deps.askForSnapshot(key);
      continue;
    }
    const version = `${head.incarnation}-${head.version}`;
    const call = { endpoint: 'firstSnapshot', fingerprint: spaceKeyText(key), requestId, idempotencyKey: version };
    ({ task_id } = await acceptSnapshot(deps, context, key.space_id, undefined, call));
  }
  const started = 'The first snapshot is being made';
  return task_id === undefined
    ? { hint: `${started}. Ask again in a moment.` }
    : { hint: `${started}. Ask again when its task has succeeded; later, ${how}.`, task_id };
};
