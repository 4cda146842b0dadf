import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { HAZE_REQUESTED } from '../../shared/events.ts';
import type { Scope } from '../../shared/space-key.ts';
import { type AcceptanceCall, type AcceptanceDeps, acceptRequest } from '../tasks/acceptance.ts';

/** Draws a space's map anew: durable like every 202. */
export const acceptSnapshot = (
  deps: AcceptanceDeps,
  context: RequestContext,
  spaceId: string,
  scope: Scope | undefined,
  call: AcceptanceCall,
): Promise<{ task_id: string }> => {
  const key = targetSpace(context, scope, spaceId);
  return acceptRequest(deps, context, key, call, async (common) => {
    const epoch = (await deps.places.space(key).records.settings.read())?.value.epoch ?? 1;
    return { kind: 'haze', documents: 0, request: { type: HAZE_REQUESTED, data: { ...common, epoch } } };
  });
};
