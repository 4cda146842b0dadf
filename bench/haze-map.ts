import type { Figure } from './figures.ts';
import { ingestBodies, load } from './load.ts';
import type { BenchOptions } from './main.ts';
import { peakMiB } from './process-figures.ts';
import { startRunnerProcess } from './runner-process.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;

/** A space's map: how long it takes to draw, what its first picture weighs and takes, and what memory the runner has needed. */
export const hazeMap = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const points of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
    const runner = await startRunnerProcess();
    try {
      await load(runner, 'map', ingestBodies(clusteredVectors(points, dimension, 1)));
      const path = '/nexus/spaces/map/haze';
      const startedMs = performance.now();
      const { body } = await runner.call('POST', `${path}/snapshot`);
      await runner.task(body.task_id);
      const snapshotMs = performance.now() - startedMs;
      const picture = async () => {
        const askedMs = performance.now();
        const answer = await fetch(`${runner.origin}${path}/points`, { headers: await runner.headers('GET', `${path}/points`, undefined) });
        return { bytes: (await answer.arrayBuffer()).byteLength, ms: performance.now() - askedMs };
      };
      const first = await picture();
      const again = [await picture(), await picture(), await picture()];
      const bench = `haze-map ${points.toLocaleString('en')} × ${dimension}`;
      figures.push(
        { bench, what: 'snapshot', unit: 's', rounds: [snapshotMs / 1000] },
        { bench, what: 'first picture', unit: 'KiB', rounds: [first.bytes / 1024] },
        { bench, what: 'first picture, nothing remembered', unit: 'ms', rounds: [first.ms] },
        { bench, what: 'first picture again', unit: 'ms', rounds: again.map(({ ms }) => ms) },
        { bench, what: 'most memory of the runner', unit: 'MiB', rounds: [peakMiB(runner.pid)] },
      );
    } finally {
      await runner.stop();
    }
  }
  return figures;
};
