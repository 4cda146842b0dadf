import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { type Figure, markdownTable } from './figures.ts';

const GiB = 1024 ** 3;

/** What the figures were measured on, and how busy it was with other things when they were begun. */
export const machine = (): string => {
  const [one] = loadavg();
  const cores = availableParallelism();
  return `${cores} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${(totalmem() / GiB).toFixed(0)} GiB, ${process.platform} ${release()}, Node ${process.version}; load ${one?.toFixed(1)} at the start`;
};

/** The page that `docs/` shows. @param on the machine, as it was before the run */
export const page = (figures: readonly Figure[], command: string, on: string, at: Date): string => `# Benchmarks

Made by \`${command}\`, not by hand, on ${at.toISOString().slice(0, 10)}.

Machine: ${on}. Where the load at the start is not near 0, others were at work too: read ratios, which both sides of one run
share, and CPU times, not milliseconds of the clock.

${markdownTable(figures)}
`;
