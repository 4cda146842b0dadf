import { limits } from '../shared/limits.ts';
import type { Registry } from '../shared/routes.ts';
import type { Blobs } from './ports/blobs.ts';
import { within } from './within.ts';

export interface ReadinessDeps {
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  nowMs: () => number;
}

/** Probes come every few seconds from several sides: what was found is told again for so long. */
const keptMs = 5_000;
/** Nothing lies there, and need not: that the question is answered is the answer. */
const probeName = '_ready';

/** Why requests had better go elsewhere: no routes, or places that do not answer. Names routes, never roots. */
export const createReadiness = ({ registry, blobsAt, nowMs }: ReadinessDeps): (() => Promise<string[]>) => {
  let found: { atMs: number; problems: Promise<string[]> } | undefined;

  const problemOf = async (id: string, root: string): Promise<string | undefined> => {
    const answer = await within(blobsAt(root).exists(probeName), limits.readyProbeMs).catch(() => undefined);
    return answer === undefined ? `the place of route ${id} does not answer` : undefined;
  };

  const look = async (): Promise<string[]> => {
    const { routes } = registry();
    if (routes.length === 0) return ['the routing registry has no routes'];
    const places = new Map(routes.map(({ id, root }) => [root, id]));
    const problems = await Promise.all([...places].map(([root, id]) => problemOf(id, root)));
    return problems.filter((problem) => problem !== undefined);
  };

  return () => {
    if (found === undefined || Math.abs(nowMs() - found.atMs) > keptMs) found = { atMs: nowMs(), problems: look() };
    return found.problems;
  };
};
