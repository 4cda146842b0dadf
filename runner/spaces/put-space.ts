import { type RequestContext, targetSpace } from '../../shared/context.ts';
import { NexusError, validationFailed } from '../../shared/errors.ts';
import type { SettingsBody } from '../../shared/http/spaces.ts';
import { limits } from '../../shared/limits.ts';
import type { Scope } from '../../shared/space-key.ts';
import { externalModel, newSettings } from '../ingest/settle.ts';
import type { Embedders } from '../ports/embedder.ts';
import { isLive, type Settings } from '../records/space-records.ts';
import type { Places } from '../store/spaces.ts';

export interface PutSpaceDeps {
  places: Places;
  embedders: Embedders;
  nowMs: () => number;
}

/** Model and dimension that a body asks for. @throws NexusError 422 for a model that is not to be had here */
const wantedModel = ({ embedding_model, dimension }: SettingsBody, embedders: Embedders): { embedding_model: string; dimension: number } | undefined => {
  if (embedding_model === undefined) {
    if (dimension === undefined) return undefined;
    const { standard } = embedders;
    return dimension === standard.dimension ? { embedding_model: standard.model, dimension } : { embedding_model: externalModel(dimension), dimension };
  }
  const embedder = embedders.of(embedding_model);
  if (embedder !== undefined) {
    if (dimension !== undefined && dimension !== embedder.dimension)
      throw validationFailed([{ path: 'dimension', message: `is ${embedder.dimension} for this model` }]);
    return { embedding_model, dimension: embedder.dimension };
  }
  const external = /^external@(\d{1,4})$/.exec(embedding_model)?.[1];
  const externalDimension = Number(external ?? 0);
  if (externalDimension < 1 || externalDimension > limits.maxDimension)
    throw validationFailed([{ path: 'embedding_model', message: `must be ${embedders.models.join(' or ')}, or external@<dimension> for vectors of your own` }]);
  if (dimension !== undefined && dimension !== externalDimension)
    throw validationFailed([{ path: 'dimension', message: `is ${externalDimension} by embedding_model` }]);
  return { embedding_model: externalModel(externalDimension), dimension: externalDimension };
};

const mismatch = (what: string, is: unknown, wanted: unknown): NexusError =>
  new NexusError('nexus.embedding_mismatch', `${what} of this space is ${JSON.stringify(is)} and stays so; ${JSON.stringify(wanted)} needs another space.`);

const agree = <T>(what: string, is: T | null, wanted: T | undefined): T | null => {
  if (wanted === undefined || is === wanted) return is;
  if (is !== null) throw mismatch(what, is, wanted);
  return wanted;
};

/** Repeating what is settled is fine; changing it is not. */
const merge = (settings: Settings, body: SettingsBody, embedders: Embedders): Settings => {
  const repeated = body.embedding_model === undefined && body.dimension === settings.dimension;
  const model = repeated ? undefined : wantedModel(body, embedders);
  for (const [key, type] of Object.entries(body.fields ?? {}))
    agree(`Type of ${key}`, Object.hasOwn(settings.fields, key) ? (settings.fields[key] ?? null) : null, type);
  const fields = { ...settings.fields, ...body.fields };
  if (Object.keys(fields).length > limits.metadataKeysPerSpace)
    throw validationFailed([{ path: 'fields', message: `a space has at most ${limits.metadataKeysPerSpace} keys` }]);
  // The metric is open until a model is: before that no vector was accepted under it.
  const metric = settings.embedding_model === null ? (body.metric ?? settings.metric) : (agree('metric', settings.metric, body.metric) ?? settings.metric);
  return {
    ...settings,
    embedding_model: agree('embedding_model', settings.embedding_model, model?.embedding_model),
    dimension: agree('dimension', settings.dimension, model?.dimension),
    language: agree('language', settings.language, body.language),
    metric,
    fields,
  };
};

/** Fixes what a PUT says of a space, by a conditional write. @throws NexusError 409 when it is settled otherwise */
export const putSpace = async (
  deps: PutSpaceDeps,
  context: RequestContext,
  spaceId: string,
  scope: Scope | undefined,
  body: SettingsBody,
): Promise<Omit<Settings, 'space' | 'epoch' | 'created_at' | 'begun_by'>> => {
  const key = targetSpace(context, scope, spaceId);
  const { records } = deps.places.space(key);
  const head = await records.head.read();
  if (isLive(head?.value)) agree('language', head.value.table.language, body.language);
  for (;;) {
    const entry = await records.settings.read();
    const next = merge(entry?.value ?? newSettings(key, deps.nowMs()), body, deps.embedders);
    if (await records.settings.write(entry, next)) {
      const { space: _, epoch: __, created_at: ___, begun_by: ____, ...settings } = next;
      return settings;
    }
  }
};
