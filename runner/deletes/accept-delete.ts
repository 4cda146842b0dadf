import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { DELETE_REQUESTED, type DeleteTarget } from '../../shared/events.ts';
import type { DeleteDocumentsBody } from '../../shared/http/documents.ts';
import type { Scope, SpaceKey } from '../../shared/space-key.ts';
import type { SpaceRecords } from '../records/space-records.ts';
import { type AcceptanceCall, type AcceptanceDeps, acceptRequest, carry } from '../tasks/acceptance.ts';
import { beginLife, nextLife } from './begin-life.ts';

const epochOf = async ({ settings }: SpaceRecords): Promise<number> => (await settings.read())?.value.epoch ?? 1;

const acceptTarget = (
  deps: AcceptanceDeps,
  context: RequestContext,
  key: SpaceKey,
  call: AcceptanceCall,
  documents: number,
  settle: (taskId: string) => Promise<{ target: DeleteTarget; epoch: number; afterwards?: () => Promise<void> }>,
): Promise<{ task_id: string }> =>
  acceptRequest(deps, context, key, call, async (common) => {
    const { target, epoch, afterwards } = await settle(common.task_id);
    const carried = await carry(deps.places.blobs(key), key, { epoch, task_id: common.task_id }, target);
    const data = { ...common, epoch, ...('ref' in carried ? { target_ref: carried.ref } : { target: carried.inline }) };
    return { kind: 'delete', documents, request: { type: DELETE_REQUESTED, data }, ...(afterwards === undefined ? {} : { afterwards }) };
  });

/** Documents by id, or by what they say when the request is carried out. */
export const acceptDeleteDocuments = (
  deps: AcceptanceDeps,
  context: RequestContext,
  spaceId: string,
  { scope, doc_ids, filter }: DeleteDocumentsBody,
  call: AcceptanceCall,
): Promise<{ task_id: string }> => {
  const key = targetSpace(context, scope, spaceId);
  const target: DeleteTarget = doc_ids === undefined ? { kind: 'filter', filter: filter ?? {} } : { kind: 'documents', doc_ids: [...new Set(doc_ids)] };
  return acceptTarget(deps, context, key, call, doc_ids?.length ?? 0, async () => ({ target, epoch: await epochOf(deps.places.space(key).records) }));
};

/** A whole space. What is accepted from now on belongs to its next life and stays. */
export const acceptDeleteSpace = (
  deps: AcceptanceDeps,
  context: RequestContext,
  spaceId: string,
  scope: Scope | undefined,
  call: AcceptanceCall,
): Promise<{ task_id: string }> => {
  const key = targetSpace(context, scope, spaceId);
  const { records } = deps.places.space(key);
  return acceptTarget(deps, context, key, call, 0, async (taskId) => {
    const life = await nextLife(records, taskId, deps.nowMs);
    const afterwards = async () => void (await beginLife(records, life));
    return { target: { kind: 'space', accepted_at: life.begunAt }, epoch: life.epoch, afterwards };
  });
};
