import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { barsTable } from './bars.ts';
import { type Figure, markdownTable } from './figures.ts';

const GiB = 1024 ** 3;

/** One call of the bench: what was measured, how, when and where. `--json` writes it; `bench/kept/` holds those that take too long for every time. */
export interface Run {
  command: string;
  /** RFC 3339 */
  at: string;
  machine: string;
  figures: Figure[];
  /** Benches that ended with an error, and with which. */
  failed: string[];
}

/** What the figures were measured on, and how busy it was with other things when they were begun. */
export const machine = (): string => {
  const [one] = loadavg();
  const cores = availableParallelism();
  return `${cores} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${(totalmem() / GiB).toFixed(0)} GiB, ${process.platform} ${release().split('.', 2).join('.')}, Node ${process.version}; load ${one?.toFixed(1)} at the start`;
};

export interface KeptRun {
  run: Run;
  /** Beside the page. */
  picture?: string;
}

const keptRun = ({ run, picture }: KeptRun): string => `### \`${run.command}\`

On ${run.at.slice(0, 10)}. ${run.machine}.

${picture === undefined ? '' : `![Memory and open handles over time](${picture})\n\n`}${markdownTable(run.figures)}
`;

/** The page that `docs/` shows. @param kept runs of their own, made earlier */
export const page = (run: Run, kept: readonly KeptRun[]): string => `# Benchmarks

Made by \`${run.command}\`, not by hand, on ${run.at.slice(0, 10)}; what takes longer was measured by commands of its own, which stand below.

Machine: ${run.machine}. Where the load at the start is not near 0, others were at work too: read ratios, which both sides of one run
share, and CPU times, not milliseconds of the clock.

${markdownTable(run.figures)}
${run.failed.map((failure) => `\nFailed: ${failure}\n`).join('')}
## Beside the first bars of the design

${barsTable([run, ...kept.map((one) => one.run)].flatMap(({ figures }) => figures))}
${kept.length === 0 ? '' : `\n## Runs of their own\n\n${kept.map(keptRun).join('\n')}`}`;
