import { useCallback, useEffect, useRef, useState } from 'react';
import type { Nexus, Space } from '../client/index.ts';
import type { HazePoint, HazePointsResponse } from '../shared/http/haze.ts';
import { messageOf } from './message-of.ts';

export interface MapWish {
  includeGlobal: boolean;
  filter: Record<string, unknown> | undefined;
  field: string | undefined;
}

export interface ShownMap {
  points: HazePoint[];
  about: Omit<HazePointsResponse, 'points' | 'next_cursor'> | undefined;
  /** What is going on, for people. */
  status: string;
  error: string | undefined;
  reload(): void;
}

/** Points of a first picture, then of each further page. */
const firstPoints = 2000;
const pagePoints = 20_000;

const firstOf = async <T>(list: AsyncIterable<T>): Promise<T> => {
  for await (const one of list) return one;
  throw new Error('an answer without a page');
};

/** The map of a space, page after page: a fair sample first. Waits for a first snapshot that its look has started. */
export const useMap = (client: Nexus, space: Space, { includeGlobal, filter, field }: MapWish): ShownMap => {
  const [shown, setShown] = useState<Omit<ShownMap, 'reload'>>({ points: [], about: undefined, status: 'Loading the map…', error: undefined });
  const [round, setRound] = useState(0);
  const filterText = JSON.stringify(filter);
  const last = useRef<AbortController>(undefined);

  useEffect(() => {
    last.current?.abort();
    const stop = new AbortController();
    last.current = stop;
    const load = async (): Promise<void> => {
      const wish = { includeGlobal, field, filter: filterText === undefined ? undefined : (JSON.parse(filterText) as Record<string, unknown>) };
      const first = await firstOf(space.haze.points({ ...wish, limit: firstPoints, signal: stop.signal }).pages());
      const { points: some, next_cursor, ...about } = first;
      if (about.snapshot === null) {
        setShown({ points: [], about, status: about.hint ?? 'There is no map yet.', error: undefined });
        if (about.task_id === undefined) return;
        await client.waitForTask(about.task_id, { signal: stop.signal });
        return load();
      }
      setShown({ points: some, about, status: `${some.length} points`, error: undefined });
      if (next_cursor === null) return;
      let points = some;
      let skip = some.length;
      for await (const page of space.haze.points({ ...wish, limit: pagePoints, signal: stop.signal }).pages()) {
        const fresh = page.points.slice(skip);
        skip = Math.max(0, skip - page.points.length);
        points = points.concat(fresh);
        const isLast = page.next_cursor === null;
        setShown({ points, about, status: isLast ? `${points.length} points` : `${points.length} points, loading more…`, error: undefined });
      }
    };
    load().catch((error: unknown) => {
      if (!stop.signal.aborted) setShown({ points: [], about: undefined, status: '', error: messageOf(error) });
    });
    return () => stop.abort();
  }, [client, space, includeGlobal, field, filterText, round]);

  return { ...shown, reload: useCallback(() => setRound((before) => before + 1), []) };
};
