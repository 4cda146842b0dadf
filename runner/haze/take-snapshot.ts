import { limits } from '../../shared/limits.ts';
import { type SpaceKey, spaceKeyText } from '../../shared/space-key.ts';
import { type ScanBatch, type TableReader, VersionGoneError } from '../ports/vector-store.ts';
import type { LiveHead } from '../records/space-records.ts';
import type { Door } from '../store/door.ts';
import { type Mapper, startMapper } from './mapper.ts';
import { orderOf } from './order.ts';
import { densities } from './project/density.ts';
import { labelOf } from './project/labels.ts';
import { type SnapshotCluster, snapshotColumns } from './snapshot-file.ts';
import type { Snapshots, StoredSnapshot } from './snapshots.ts';
import { snippetOf, titleOf } from './texts.ts';

export interface TakeSnapshotDeps {
  door: Door;
  snapshots: Snapshots;
  nowMs: () => number;
}

/** Passages that are drawn, each with its place in sampling order, and how many there are in all. */
const chosenRows = async (reader: TableReader): Promise<{ chosen: Map<string, number>; rows: number }> => {
  const all: { id: string; order: number }[] = [];
  for await (const { ids } of reader.scan({ columns: [] })) for (const id of ids) all.push({ id, order: orderOf(id) });
  all.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  return { chosen: new Map(all.slice(0, limits.hazePoints).map(({ id }, place) => [id, place])), rows: all.length };
};

/** Of one batch: the rows that are wanted, by their place in it. */
const wantedIn = ({ ids }: ScanBatch, chosen: Map<string, number>, below: number): { at: number; place: number }[] =>
  ids.flatMap((id, at) => {
    const place = chosen.get(id);
    return place === undefined || place >= below ? [] : [{ at, place }];
  });

const fitLandmarks = async (mapper: Mapper, reader: TableReader, chosen: Map<string, number>, { dimension, metric }: LiveHead['table']) => {
  const count = Math.min(chosen.size, limits.hazeLandmarks);
  const values = new Float32Array(count * dimension);
  const texts = Array<string>(count).fill('');
  for await (const batch of reader.scan({ columns: ['vector', 'text'] })) {
    for (const { at, place } of wantedIn(batch, chosen, count)) {
      values.set(batch.vectors?.subarray(at * dimension, (at + 1) * dimension) ?? [], place * dimension);
      texts[place] = batch.texts?.[at]?.slice(0, limits.queryChars) ?? '';
    }
  }
  return mapper.fit({ values, width: dimension }, texts, metric === 'cosine');
};

const clustersOf = (places: Float32Array, clusters: Int32Array, terms: readonly string[][]): SnapshotCluster[] => {
  const sums = terms.map(() => ({ points: 0, x: 0, y: 0, z: 0 }));
  clusters.forEach((cluster, index) => {
    const sum = sums[cluster];
    if (sum === undefined) return;
    sum.points += 1;
    sum.x += places[index * 3] ?? 0;
    sum.y += places[index * 3 + 1] ?? 0;
    sum.z += places[index * 3 + 2] ?? 0;
  });
  return sums.map(({ points, x, y, z }, cluster) => {
    const share = 1 / Math.max(1, points);
    const own = terms[cluster] ?? [];
    return { label: labelOf(own, cluster), terms: own, points, x: x * share, y: y * share, z: z * share };
  });
};

/**
 * Draws a space's map at its published version: landmarks first, then every other passage among them, batch by batch.
 * @returns the newest snapshot, which may be one of the same version that was there already; undefined: the space is empty
 * @throws VersionGoneError when the space is deleted meanwhile
 */
export const takeSnapshot = async ({ door, snapshots, nowMs }: TakeSnapshotDeps, key: SpaceKey): Promise<StoredSnapshot | undefined> => {
  const head = await door.head(key);
  if (head === undefined) return undefined;
  const { incarnation, version, seq, table } = head;
  const newest = await snapshots.newest(key);
  if (
    newest?.value.incarnation === incarnation &&
    newest.value.space_version === version &&
    newest.value.seq === seq &&
    (await snapshots.open(key, newest)) !== undefined
  )
    return newest;

  const reader = await door.reader(key, head, head);
  const { chosen, rows } = await chosenRows(reader);
  if (chosen.size === 0) {
    await snapshots.remove(key, Number.POSITIVE_INFINITY, 'all');
    return undefined;
  }
  const mapper = startMapper();
  try {
    const fitted = await fitLandmarks(mapper, reader, chosen, table);
    const columns = snapshotColumns();
    const places = new Float32Array(chosen.size * 3);
    const clusters = new Int32Array(chosen.size);
    let filled = 0;
    for await (const batch of reader.scan({ columns: ['doc_id', 'chunk', 'type', 'text', 'metadata', 'vector'] })) {
      const wanted = wantedIn(batch, chosen, chosen.size);
      if (wanted.length === 0) continue;
      const values = new Float32Array(wanted.length * table.dimension);
      wanted.forEach(({ at, place }, index) => {
        values.set(batch.vectors?.subarray(at * table.dimension, (at + 1) * table.dimension) ?? [], index * table.dimension);
        const docId = batch.docIds?.[at] ?? '';
        columns.add({
          order: place,
          id: batch.ids[at] ?? '',
          doc_id: docId,
          chunk: batch.chunks?.[at] ?? 0,
          seq: batch.seqs[at] ?? 0,
          type: batch.types?.[at] ?? '',
          title: titleOf(docId, batch.metadata?.[at]),
          snippet: snippetOf(batch.texts?.[at]),
        });
      });
      const placed = await mapper.place({ values, width: table.dimension });
      places.set(placed.places, filled * 3);
      clusters.set(placed.clusters, filled);
      filled += wanted.length;
    }
    const bytes = columns.toFile(places, clusters, densities(places), {
      space: spaceKeyText(key),
      incarnation,
      space_version: version,
      created_at: new Date(nowMs()).toISOString(),
      method: fitted.method,
      explained: fitted.explained,
      rows,
      clusters: clustersOf(places, clusters, fitted.terms),
    });
    const stored = await snapshots.publish(key, bytes, { incarnation, space_version: version, points: chosen.size, seq });
    // Who deletes the space clears its head first and then the files that are there: one of the two sees the other.
    const present = await door.head(key);
    if (present?.incarnation === incarnation) return stored;
    await snapshots.removeOtherLives(key, present?.incarnation);
    throw new VersionGoneError('the space was deleted while its map was drawn');
  } finally {
    await mapper.close();
  }
};
