import { NexusError, validationFailed } from '../../shared/errors.ts';
import type { AcceptedDocument, TaskError } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import type { Embedders } from '../ports/embedder.ts';
import type { Settings, SpaceRecords } from '../records/space-records.ts';
import type { NamedFile } from './blob-ref.ts';
import { settleFields } from './fields.ts';
import { packedDimension, unpackVector } from './packed-vector.ts';

/** A space that nobody has described yet. */
export const newSettings = (key: SpaceKey, nowMs: number): Settings => ({
  space: spaceKeyText(key),
  epoch: 1,
  embedding_model: null,
  dimension: null,
  metric: 'cosine',
  language: null,
  fields: {},
  created_at: new Date(nowMs).toISOString(),
});

export const externalModel = (dimension: number): string => `external@${dimension}`;

const mismatch = (message: string): NexusError => new NexusError('nexus.embedding_mismatch', message);

type Model = { embedding_model: string; dimension: number };

/** What embeds texts for a space. @throws NexusError 409 when nothing here does */
const ownModel = ({ embedding_model }: Settings, embedders: Embedders): Model => {
  const embedder = embedding_model === null ? embedders.standard : embedders.of(embedding_model);
  if (embedder !== undefined) return { embedding_model: embedder.model, dimension: embedder.dimension };
  throw mismatch(
    embedding_model?.startsWith('external@')
      ? `This space holds vectors of ${embedding_model}, so each document must bring its own. Send them, or use another space.`
      : `This space holds vectors of ${embedding_model}, and this runner embeds by ${embedders.models.join(' or ')}. Use another space, or have that model configured.`,
  );
};

/** The one model of these documents in this space. */
const modelOf = (documents: readonly AcceptedDocument[], settings: Settings, embedders: Embedders): Model => {
  const dimensions = new Set(documents.map(({ vector }) => (vector === undefined ? undefined : packedDimension(vector))));
  if (dimensions.size > 1) throw mismatch('The documents of one request must all bring vectors of one length, or all leave them out: a space has one model.');
  const [dimension] = dimensions;
  return dimension === undefined ? ownModel(settings, embedders) : { embedding_model: externalModel(dimension), dimension };
};

/** Shorter than this, a vector has no direction that float32 could hold. */
const minNorm = 1e-15;

const hasDirection = ({ vector }: AcceptedDocument): boolean => {
  if (vector === undefined) return true;
  const square = unpackVector(vector).reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(square) >= minNorm;
};

const noDirection = ({ id }: AcceptedDocument): TaskError => ({
  doc_id: id,
  code: 'nexus.validation_failed',
  message: 'A vector of zeros has no direction, so cosine cannot find it.',
});

/** Files that were there when the space was deleted go with it, if they have not gone yet. @throws NexusError 422 */
const refuseEarlierFiles = ({ epoch, created_at }: Settings, files: readonly NamedFile[]): void => {
  const earlier = epoch === 1 ? [] : files.filter(({ storedAt }) => storedAt < created_at);
  if (earlier.length === 0) return;
  const message = 'names a file from before this space was deleted, which went with it; upload it again, then send this request again';
  throw validationFailed(earlier.slice(0, limits.issues).map(({ path }) => ({ path, message })));
};

/**
 * Fixes the space's settings by what these documents bring, before they are accepted (design decision 8): of two
 * requests that disagree, one is refused now, whatever order their events arrive in later.
 * @param files that the documents name
 * @throws NexusError 409 `nexus.embedding_mismatch`; 422 for a file of an earlier life of the space
 */
export const settleSpace = async (
  { key, settings: register }: SpaceRecords,
  documents: readonly AcceptedDocument[],
  embedders: Embedders,
  nowMs: () => number,
  files: readonly NamedFile[],
): Promise<{ epoch: number; accepted: AcceptedDocument[]; refused: TaskError[] }> => {
  for (;;) {
    const entry = await register.read();
    const settings = entry?.value ?? newSettings(key, nowMs());
    refuseEarlierFiles(settings, files);
    const model = modelOf(documents, settings, embedders);
    if (settings.embedding_model !== null && settings.embedding_model !== model.embedding_model) {
      throw mismatch(
        `This space holds vectors of ${settings.embedding_model}; these documents would bring ${model.embedding_model}. Use another space, or bring what fits.`,
      );
    }
    if (settings.dimension !== null && settings.dimension !== model.dimension) {
      throw mismatch(`This space has dimension ${settings.dimension}; these documents would bring ${model.dimension}.`);
    }
    const zero = settings.metric === 'cosine' ? new Set(documents.filter((document) => !hasDirection(document))) : new Set<AcceptedDocument>();
    const findable = documents.filter((document) => !zero.has(document));
    const { fields, accepted, refused } = settleFields(settings.fields, findable);
    const all = [...[...zero].map(noDirection), ...refused];
    const next: Settings = { ...settings, ...model, fields };
    const unchanged = settings.embedding_model !== null && Object.keys(fields).length === Object.keys(settings.fields).length;
    if (unchanged || (await register.write(entry, next))) return { epoch: settings.epoch, accepted, refused: all };
  }
};
