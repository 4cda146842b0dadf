import { setImmediate as breathe } from 'node:timers/promises';
import type { AcceptedDocument } from '../../shared/events.ts';
import { ExtractError } from '../extract/extract-error.ts';
import { embedDrafts, embedderOf } from '../ingest/embed-drafts.ts';
import { type Draft, draftDocument } from '../ingest/prepare.ts';
import type { Embedders } from '../ports/embedder.ts';
import type { MeasurementStore, StoredMeasurements } from '../ports/measurements.ts';
import type { Reader } from '../ports/reader.ts';
import { metricRecord, newMetric } from '../records/metric-records.ts';
import type { Derived, Published } from '../store/changes.ts';
import type { Order } from '../store/order.ts';
import type { Places, SpacePlace } from '../store/spaces.ts';
import { foldRequests } from './fold.ts';
import { type FactDocument, factsOf } from './generate.ts';
import { type Series, type SeriesKey, seriesName } from './series.ts';

export interface DeriveDeps {
  places: Places;
  measurements: MeasurementStore;
  embedders: Embedders;
  reader: Reader;
  nowMs: () => number;
}

/** Measurements that a request brought, by series. */
export type Given = (SeriesKey & Series)[];

export interface DerivedFacts extends Derived {
  /** Facts that are true of the series now, changed or not. */
  facts: number;
}

/** Work of this long at a time leaves room for other requests of this process. */
const sliceMs = 25;

const run = async <T>(work: Generator<undefined, T>): Promise<T> => {
  let sinceMs = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - sinceMs < sliceMs) continue;
    await breathe();
    sinceMs = performance.now();
  }
};

/**
 * Keeps what a request measured and works out what follows: facts that are new or changed, and stored ones that are no
 * longer true. Runs under the space's lease, and again when somebody else published; measurements are kept once.
 */
export const deriveFacts = async (
  deps: DeriveDeps,
  place: SpacePlace,
  epoch: number,
  order: Order,
  given: Given,
  published: Published,
): Promise<DerivedFacts> => {
  const { records, measurementsTable } = place;
  const settings = (await records.settings.read())?.value;
  const all: DerivedFacts = { documents: [], gone: [], facts: 0 };
  const drafts: { draft: Draft; order: Order }[] = [];
  const prepareDeps = { reader: deps.reader, blobs: deps.places.blobs(records.key), fields: settings?.fields ?? {} };

  for (const { series, seq, facts } of await keep(deps, place, epoch, order, given)) {
    const stored = new Map((await published.beginning(`${series}:`, factType)).map((document) => [document.doc_id, document]));
    all.facts += facts.length;
    for (const fact of facts) {
      const known = stored.get(fact.id);
      stored.delete(fact.id);
      if (known?.text === fact.text && known.metadata === JSON.stringify(fact.metadata)) continue;
      // Later than what it replaces, though a request accepted before may have changed it.
      const own: Order = { task_id: order.task_id, seq: Math.max(seq, (known?.seq ?? 0) + 1) };
      drafts.push({ order: own, draft: await draftDocument(prepareDeps, documentOf(fact), { strategy: 'none' }, own, async () => undefined) });
    }
    all.gone.push(...stored.values());
  }

  const rows = await embedDrafts(
    embedderOf(deps.embedders, settings, epoch),
    drafts.map(({ draft }) => draft),
  );
  rows.forEach((some, index) => {
    const { draft, order: own } = drafts[index] as (typeof drafts)[number];
    if (some instanceof ExtractError) throw some;
    all.documents.push({ doc_id: draft.docId, order: own, rows: some });
  });
  await deps.measurements.compact(measurementsTable);
  return all;
};

/** What a caller has put under such an id as another type is no fact, and stays. */
const factType = 'kpi';

const documentOf = ({ id, text, metadata }: FactDocument): AcceptedDocument => ({ id, type: factType, text, metadata });

/** Adds the request's rows to what is stored, all of them in one step, and makes each series' facts. */
const keep = async (
  { measurements, nowMs }: DeriveDeps,
  { records, measurementsTable }: SpacePlace,
  epoch: number,
  order: Order,
  given: Given,
): Promise<{ series: string; seq: number; facts: FactDocument[] }[]> => {
  const appended: Parameters<MeasurementStore['append']>[1][number][] = [];
  const replaced: { series: string; tasks: string[] }[] = [];
  const made: { series: string; seq: number; facts: FactDocument[] }[] = [];
  for (const { metric, dimensions, at, value } of given) {
    const series = seriesName({ metric, dimensions });
    const stored = await measurements.read(measurementsTable, { epoch, series });
    const own: StoredMeasurements = { ...order, at, value };
    const isKept = at.length === 0 || stored.some(({ task_id }) => task_id === order.task_id);
    const folded = foldRequests(isKept ? stored : [...stored, own]);
    if (!isKept && !folded.replaced.has(order.task_id)) appended.push({ epoch, series, metric, dimensions: JSON.stringify(dimensions), ...own });
    const tasks = stored.map(({ task_id }) => task_id).filter((task) => folded.replaced.has(task));
    if (tasks.length > 0) replaced.push({ series, tasks });
    const definition = (await metricRecord(records, epoch, metric, nowMs).read())?.value ?? newMetric(records, metric);
    made.push({ series, seq: folded.seq, facts: await run(factsOf(definition, dimensions, folded.series)) });
  }
  await measurements.append(measurementsTable, appended);
  // Only when what replaces them is there.
  for (const { series, tasks } of replaced) await measurements.remove(measurementsTable, { epoch, series }, tasks);
  return made;
};
