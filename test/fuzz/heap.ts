import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MiB = 1024 * 1024;
/** What caches may still grow by once they are warm, and how much two looks at one heap differ. */
const toleratedBytes = 24 * MiB;

export interface HeapWatch {
  /** Looks now. @returns mebibytes of objects and buffers that are reachable, and of the whole process */
  look(): { heap: number; resident: number };
  /** How much more is held in the last quarter of the looks than in the one before, in bytes; 0: less. */
  growth(): number;
  readonly toleratedBytes: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** What this process holds, seen after garbage has been collected. */
export const watchHeap = (): HeapWatch => {
  const seen: number[] = [];
  return {
    look() {
      collect();
      const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
      seen.push(heapUsed + arrayBuffers);
      return { heap: Math.round((heapUsed + arrayBuffers) / MiB), resident: Math.round(rss / MiB) };
    },
    growth() {
      const quarter = Math.max(1, seen.length >> 2);
      return Math.max(0, median(seen.slice(-quarter)) - median(seen.slice(-2 * quarter, -quarter)));
    },
    toleratedBytes,
  };
};
