import { type RequestContext, targetSpace } from '../../shared/context.ts';
import type { SpaceDescription } from '../../shared/http/spaces.ts';
import type { Scope, SpaceKey } from '../../shared/space-key.ts';
import { isBlank } from '../records/space-records.ts';
import type { Door } from '../store/door.ts';
import { readAgainWhenGone } from '../store/read-again.ts';
import type { Places } from '../store/spaces.ts';

const emptyDescription = ({ space_id, scope }: SpaceKey): SpaceDescription => ({
  space_id,
  scope,
  documents: 0,
  chunks: 0,
  bytes: 0,
  dimension: null,
  embedding_model: null,
  metric: 'cosine',
  language: null,
  version: null,
  indexes: [],
  fields: {},
  created_at: null,
  updated_at: null,
});

/** A space that does not exist reads as an empty one: no oracle for what others have. */
export const describeSpace = async (
  { places, door }: { places: Places; door: Door },
  context: RequestContext,
  spaceId: string,
  scope: Scope | undefined,
): Promise<SpaceDescription> => {
  const key = targetSpace(context, scope, spaceId);
  return readAgainWhenGone(false, async () => {
    const [settings, head] = await Promise.all([places.space(key).records.settings.read(), door.head(key)]);
    const {
      space: _,
      epoch: __,
      begun_by: ___,
      ...settled
    } = settings === undefined || isBlank(settings.value) ? { space: '', epoch: 1, begun_by: undefined } : settings.value;
    const described: SpaceDescription = { ...emptyDescription(key), ...settled };
    if (head === undefined) return described;
    const reader = await door.reader(key, head, head);
    return { ...described, language: head.table.language, version: head.version, updated_at: head.published_at, ...(await reader.stats()) };
  });
};
