import { limits } from '../shared/limits.ts';

/** Which runners have failed a moment ago, as far as this isolate has seen. */
export interface RunnerHealth {
  failed(runner: string): void;
  /** The same runners, in the same order, but those that have just failed last: a space comes back to its own. */
  order(runners: readonly string[]): string[];
}

export const createRunnerHealth = (now: () => number): RunnerHealth => {
  const failedAt = new Map<string, number>();
  const isDown = (runner: string): boolean => now() - (failedAt.get(runner) ?? Number.NEGATIVE_INFINITY) < limits.runnerDownMs;
  return {
    failed: (runner) => void failedAt.set(runner, now()),
    order: (runners) => [...runners.filter((runner) => !isDown(runner)), ...runners.filter(isDown)],
  };
};
