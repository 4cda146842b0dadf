import { newId } from '../../shared/ids.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { formatMicros } from '../../shared/time.ts';
import type { ChunkRow, NexusVectorStore, TableShape, TableWriter } from '../ports/vector-store.ts';
import { markDue } from '../records/due-marks.ts';
import type { Entry } from '../records/register.ts';
import { type Head, isLive, type LiveHead, type Settings } from '../records/space-records.ts';
import { findTombstones, writeTombstones } from '../records/tombstones.ts';
import { detectLanguage } from '../text/detect-language.ts';
import type { Change, ChangeResult } from './changes.ts';
import { expectNext, retryConflicts } from './conflict.ts';
import { judge, type Verdict } from './judge.ts';
import { publish, writerAt } from './publish.ts';
import type { SpacePlace } from './spaces.ts';

export interface CommitDeps {
  store: NexusVectorStore;
  nowMs: () => number;
  /** Told of each published commit. */
  published?: (key: SpaceKey, head: Head, changedRows: number) => void;
}

/**
 * Commits a batch and publishes it (design decision 3). A commit exists when the head names it: until then no reader
 * opens it, and whoever writes next takes it back. So however many calls into the engine the work takes, and wherever
 * the process dies, readers go from one whole version to the next.
 */
export const commit = (deps: CommitDeps, place: SpacePlace, changes: readonly Change[]): Promise<ChangeResult[]> =>
  retryConflicts(() => commitOnce(deps, place, changes));

/** What a commit stands on. */
interface Base {
  head: Entry<Head> | undefined;
  /** The published data that the batch changes; undefined: it begins the space, or a new life of it. */
  live: LiveHead | undefined;
  epoch: number;
  settings: Settings | undefined;
  writer: TableWriter | undefined;
}

const standOn = async ({ store }: CommitDeps, place: SpacePlace, changes: readonly Change[]): Promise<Base> => {
  const [head, settings] = await Promise.all([place.records.head.read(), place.records.settings.read()]);
  const epoch = Math.max(head?.value.epoch ?? 1, ...changes.map((change) => change.epoch));
  const live = isLive(head?.value) && head.value.epoch === epoch ? head.value : undefined;
  return { head, live, epoch, settings: settings?.value, writer: live === undefined ? undefined : await writerAt(store, place.table, live) };
};

const commitOnce = async (deps: CommitDeps, place: SpacePlace, changes: readonly Change[]): Promise<ChangeResult[]> => {
  const base = await standOn(deps, place, changes);
  const { head, live, epoch, writer } = base;
  // A request of an earlier life of the space went with it; one of a life that has since been deleted goes too.
  const alive = changes.filter((change) => change.epoch === epoch && change.epoch === (base.settings?.epoch ?? epoch));
  const tombstoneSeq = head?.value.tombstone_seq ?? 0;
  const verdict = await judge({ writer, live, tombstones: (last) => tombstonesFor(place, last, tombstoneSeq) }, alive);
  const buriedSeq = await bury(deps, place, verdict);

  const rows = verdict.news.flatMap(([, { rows: some = [] }]) => some);
  const begins = head === undefined ? rows.length > 0 || verdict.buried.size > 0 : epoch > head.value.epoch;
  // A derivation leaves a mark in any case: one that began before it, on older records, must not be published after it.
  const isDerived = head !== undefined && alive.some(({ kind }) => kind === 'derive');
  const isChanged = begins || isDerived || rows.length > 0 || verdict.replaced.length > 0 || buriedSeq > tombstoneSeq;
  let published = head?.value;
  if (isChanged) {
    const written = await write(deps, place, base, verdict.replaced, rows);
    const previous = live ?? undefined;
    const changedRows = rows.length + verdict.replaced.length;
    published = {
      space: spaceKeyText(place.records.key),
      epoch,
      ...written,
      seq: Math.max(head?.value.seq ?? 0, ...changes.map(({ seq }) => seq)),
      deleted_seq: Math.max(head?.value.deleted_seq ?? 0, ...changes.filter(({ kind }) => kind === 'clear').map(({ seq }) => seq)),
      tombstone_seq: Math.max(tombstoneSeq, buriedSeq),
      published_at: formatMicros(deps.nowMs() * 1000),
      created_at: previous?.created_at ?? base.settings?.created_at ?? new Date(deps.nowMs()).toISOString(),
      unmaintained: { commits: (previous?.unmaintained.commits ?? 0) + 1, rows: (previous?.unmaintained.rows ?? 0) + changedRows },
    };
    await publish(place, head, published);
    deps.published?.(place.records.key, published, changedRows);
  }
  const version = isLive(published) ? published.version : null;
  return changes.map((change) => ({ version, ...verdict.resultOf(change) }));
};

/** Only what was accepted before the newest tombstone can be kept out by one. */
const tombstonesFor = async ({ records }: SpacePlace, last: Parameters<Parameters<typeof judge>[0]['tombstones']>[0], tombstoneSeq: number) => {
  const late = [...last].filter(([, { order, rows }]) => rows !== undefined && order.seq <= tombstoneSeq);
  if (late.length === 0) return new Map();
  return findTombstones(records, new Set(late.map(([docId]) => docId)), Math.min(...late.map(([, { order }]) => order.seq)));
};

/** Keeps what was deleted out, and sees to it that its bytes go. @returns the highest seq that was buried */
const bury = async ({ nowMs }: CommitDeps, { records }: SpacePlace, { buried }: Verdict): Promise<number> => {
  let highest = 0;
  for (const [change, documents] of buried) {
    if (documents.length === 0) continue;
    await writeTombstones(
      records,
      change.task_id,
      documents.map(({ doc_id, order }) => ({ doc_id, ...order })),
      nowMs(),
    );
    highest = Math.max(highest, ...documents.map(({ order }) => order.seq));
  }
  if (highest > 0) await markDue(records.blobs, records.key, 'erase', nowMs());
  return highest;
};

const write = async (
  deps: CommitDeps,
  place: SpacePlace,
  base: Base,
  replaced: readonly string[],
  rows: readonly ChunkRow[],
): Promise<Pick<Head, 'incarnation' | 'version' | 'table'>> => {
  const { live, writer } = base;
  if (live !== undefined && writer !== undefined) {
    const table = { ...live.table, fields: base.settings?.fields ?? live.table.fields };
    return { incarnation: live.incarnation, version: await replaceDocuments(writer, table, replaced, rows), table };
  }
  const incarnation = newId('incarnation', deps.nowMs());
  if (rows.length > 0) {
    const table = firstShape(place, base, rows);
    return { incarnation, version: await deps.store.create(place.table, table, rows), table };
  }
  const ended = isLive(base.head?.value) ? base.head.value : undefined;
  const version = ended === undefined ? (base.head?.value.version ?? 0) : await (await writerAt(deps.store, place.table, ended)).clear(ended.table);
  return { incarnation, version, table: null };
};

const firstShape = ({ records }: SpacePlace, { settings }: Base, rows: readonly ChunkRow[]): LiveHead['table'] => {
  if (settings?.embedding_model == null || settings.dimension === null)
    throw new Error(`space ${spaceKeyText(records.key)} has documents to write but no model`);
  const { embedding_model, dimension, metric, fields } = settings;
  return { embedding_model, dimension, metric, fields, language: settings.language ?? detectLanguage(rows.map(({ text }) => text ?? '')) };
};

/** Out with every chunk of the documents' old versions, in with the new ones. */
const replaceDocuments = async (writer: TableWriter, shape: TableShape, replaced: readonly string[], rows: readonly ChunkRow[]): Promise<number> => {
  let version = await writer.version();
  const known = await writer.fieldNames();
  const added = Object.entries(shape.fields).filter(([key]) => !known.has(key));
  if (added.length > 0 && rows.length > 0) version = expectNext(version, await writer.addFields(Object.fromEntries(added)));
  if (replaced.length > 0) version = expectNext(version, await writer.deleteDocuments(replaced));
  return rows.length === 0 ? version : expectNext(version, await writer.append(rows, shape));
};
