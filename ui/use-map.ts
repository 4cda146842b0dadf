import { useCallback, useEffect, useState } from 'react';
import { type Nexus, NexusApiError, type Space } from '../client/index.ts';
import { messageOf } from './message-of.ts';
import { PointSet } from './points.ts';
import { type AboutMap, type ReadPage, readPage } from './read-page.ts';

export interface MapWish {
  includeGlobal: boolean;
  filter: Record<string, unknown> | undefined;
  field: string | undefined;
}

export interface ShownMap {
  points: PointSet;
  about: AboutMap | undefined;
  /** What is going on, for people. */
  status: string;
  /** Something is still to come by itself. */
  isBusy: boolean;
  error: string | undefined;
  reload(): void;
}

/** Points of a first picture, then of each further page. */
const firstPoints = 2000;
const pagePoints = 20_000;
/** What a page keeps in memory at most, about 30 MB: a fair sample of more. */
export const mostPoints = 120_000;
/** A map that is drawn anew while it is read is read again. */
const tries = 3;

const spoken = (count: number): string => count.toLocaleString('en');

/** The map of a space, page after page: a fair sample first. Waits for a first snapshot that its look has started. */
export const useMap = (client: Nexus, space: Space, { includeGlobal, filter, field }: MapWish): ShownMap => {
  const nothing = { points: PointSet.none, about: undefined, status: 'Loading the map…', isBusy: true, error: undefined };
  const [shown, setShown] = useState<Omit<ShownMap, 'reload'>>(nothing);
  const [round, setRound] = useState(0);
  const filterText = JSON.stringify(filter);

  useEffect(() => {
    const stop = new AbortController();
    const wish = { includeGlobal, field, filter: filterText === undefined ? undefined : (JSON.parse(filterText) as Record<string, unknown>) };
    const read = async (limit: number, cursor?: string): Promise<ReadPage> =>
      readPage(await space.haze.arrowPage({ ...wish, limit, cursor, signal: stop.signal }));
    /** @returns whether that was all */
    const show = ({ about, nextCursor }: ReadPage, points: PointSet): boolean => {
      const isFull = points.count + pagePoints > mostPoints;
      const isBusy = nextCursor !== null && !isFull;
      const more = nextCursor === null ? '' : isBusy ? ', loading more…' : ', a fair sample of more';
      setShown({ points, about, status: `${spoken(points.count)} points${more}`, isBusy, error: undefined });
      return !isBusy;
    };

    const load = async (): Promise<void> => {
      const first = await read(firstPoints);
      if (first.about.snapshot === null) {
        const { hint = 'There is no map yet.', task_id } = first.about;
        setShown({ ...nothing, about: first.about, status: hint, isBusy: task_id !== undefined });
        if (task_id === undefined) return;
        await client.waitForTask(task_id, { signal: stop.signal });
        return load();
      }
      if (show(first, PointSet.none.with(first.table))) return;
      // Larger pages are another walk: it begins with the same points.
      let points = PointSet.none;
      for (let cursor: string | undefined; ; ) {
        const page = await read(pagePoints, cursor);
        points = points.with(page.table);
        if (show(page, points)) return;
        cursor = page.nextCursor ?? undefined;
      }
    };
    const loadAgain = async (left: number): Promise<void> => {
      try {
        await load();
      } catch (error) {
        if (left > 1 && error instanceof NexusApiError && error.code === 'nexus.cursor_invalid') return loadAgain(left - 1);
        throw error;
      }
    };
    setShown((before) => ({ ...before, isBusy: true }));
    loadAgain(tries).catch((error: unknown) => {
      if (!stop.signal.aborted) setShown((before) => ({ ...before, status: '', isBusy: false, error: messageOf(error) }));
    });
    return () => stop.abort();
  }, [client, space, includeGlobal, field, filterText, round]);

  return { ...shown, reload: useCallback(() => setRound((before) => before + 1), []) };
};
