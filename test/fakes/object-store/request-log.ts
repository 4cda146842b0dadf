export interface LoggedRequest {
  /** Which interface of the store: the engine speaks XML, Google's client JSON. */
  api: 'xml' | 'json';
  /** get, head, put, delete, list, or a step of an upload in parts. */
  operation: string;
  name: string;
  range: string | undefined;
  status: number;
  bytesIn: number;
  bytesOut: number;
  startedMs: number;
  endedMs: number;
}

export interface RequestLog {
  readonly entries: readonly LoggedRequest[];
  add(entry: LoggedRequest): void;
  clear(): void;
}

export const requestLog = (): RequestLog => {
  const entries: LoggedRequest[] = [];
  return {
    entries,
    add: (entry) => void entries.push(entry),
    clear: () => void entries.splice(0),
  };
};

/**
 * The longest chain of requests of which each began when the one before had ended: what a caller waits for, one behind
 * the other. Exact where each request takes much longer than the work between two: inject a latency.
 */
export const hopsOf = (entries: readonly LoggedRequest[]): number => {
  let hops = 0;
  let endedMs = Number.NEGATIVE_INFINITY;
  // Most disjoint intervals, by earliest end (interval scheduling).
  for (const entry of entries.toSorted((a, b) => a.endedMs - b.endedMs)) {
    if (entry.startedMs < endedMs) continue;
    hops += 1;
    endedMs = entry.endedMs;
  }
  return hops;
};
