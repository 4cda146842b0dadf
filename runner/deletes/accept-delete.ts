import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { DELETE_REQUESTED, type DeleteTarget } from '../../shared/events.ts';
import type { DeleteDocumentsBody } from '../../shared/http/documents.ts';
import type { Scope, SpaceKey } from '../../shared/space-key.ts';
import { newSettings } from '../ingest/settle.ts';
import type { Settings, SpaceRecords } from '../records/space-records.ts';
import { type AcceptanceCall, type AcceptanceDeps, acceptRequest, carry } from '../tasks/acceptance.ts';

const epochOf = async ({ settings }: SpaceRecords): Promise<number> => (await settings.read())?.value.epoch ?? 1;

const acceptTarget = (
  deps: AcceptanceDeps,
  context: RequestContext,
  key: SpaceKey,
  call: AcceptanceCall,
  documents: number,
  settle: () => Promise<{ target: DeleteTarget; epoch: number }>,
): Promise<{ task_id: string }> =>
  acceptRequest(deps, context, key, call, async (common) => {
    const { target, epoch } = await settle();
    const carried = await carry(deps.places.blobs(key), key, { epoch, task_id: common.task_id }, target);
    const data = { ...common, epoch, ...('ref' in carried ? { target_ref: carried.ref } : { target: carried.inline }) };
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
  return acceptTarget(deps, context, key, call, doc_ids?.length ?? 0, async () => ({ target, epoch: await epochOf(deps.places.space(key).records) }));
};

/** Begins the space's next life, with nothing settled, before anything of the present one is removed. */
const beginNextLife = async ({ key, settings }: SpaceRecords, nowMs: () => number): Promise<Settings> => {
  for (;;) {
    const entry = await settings.read();
    const next = { ...newSettings(key, nowMs()), epoch: (entry?.value.epoch ?? 1) + 1 };
    if (await settings.write(entry, next)) return next;
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
  return acceptTarget(deps, context, key, call, 0, async () => {
    // One time for both: a file that is too old to be named from now on is one that goes.
    const { epoch, created_at } = await beginNextLife(deps.places.space(key).records, deps.nowMs);
    return { target: { kind: 'space', accepted_at: created_at }, epoch };
  });
};
