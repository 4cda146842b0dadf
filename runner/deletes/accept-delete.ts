import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { DELETE_REQUESTED, type DeleteTarget } from '../../shared/events.ts';
import type { DeleteDocumentsBody } from '../../shared/http/documents.ts';
import type { Scope, SpaceKey } from '../../shared/space-key.ts';
import { newSettings } from '../ingest/settle.ts';
import type { SpaceRecords } from '../records/space-records.ts';
import { type AcceptanceCall, type AcceptanceDeps, acceptRequest, carry } from '../tasks/acceptance.ts';

const epochOf = async ({ settings }: SpaceRecords): Promise<number> => (await settings.read())?.value.epoch ?? 1;

const acceptTarget = (
  deps: AcceptanceDeps,
  context: RequestContext,
  key: SpaceKey,
  call: AcceptanceCall,
  target: DeleteTarget,
  epoch: () => Promise<number>,
  documents: number,
): Promise<{ task_id: string }> =>
  acceptRequest(deps, context, key, call, async (common) => {
    const carried = await carry(deps.places.blobs(key), key, common.task_id, target);
    const data = { ...common, epoch: await epoch(), ...('ref' in carried ? { target_ref: carried.ref } : { target: carried.inline }) };
    return { kind: 'delete', documents, request: { type: DELETE_REQUESTED, data } };
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
  return acceptTarget(deps, context, key, call, target, () => epochOf(deps.places.space(key).records), doc_ids?.length ?? 0);
};

/** Begins the space's next life, with nothing settled, before anything of the present one is removed. */
const beginNextEpoch = async ({ key, settings }: SpaceRecords, nowMs: number): Promise<number> => {
  for (;;) {
    const entry = await settings.read();
    const epoch = (entry?.value.epoch ?? 1) + 1;
    if (await settings.write(entry, { ...newSettings(key, nowMs), epoch })) return epoch;
  }
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
  const target: DeleteTarget = { kind: 'space', accepted_at: new Date(deps.nowMs()).toISOString() };
  return acceptTarget(deps, context, key, call, target, () => beginNextEpoch(deps.places.space(key).records, deps.nowMs()), 0);
};
