import { availableParallelism } from 'node:os';

/** The engine reads this from its process's environment when it first works. */
const variable = 'LANCE_CPU_THREADS';
const leastAtOnce = 16;

/**
 * The engine fetches as many parts of an index at once as it has threads, by default about as many as cores. From an object
 * store that is a wait for each few of them: a first query of 64 parts waited for 69 requests one behind the other on two
 * cores, with 16 threads for 9. What is computed takes no longer for it (docs/decisions/0071). To be called before the
 * first table is opened; a number that the operator has set stays, and what is none would make the engine panic.
 */
export const fetchManyAtOnce = (): void => {
  if (!/^[1-9]\d*$/.test(process.env[variable] ?? '')) process.env[variable] = String(Math.max(leastAtOnce, availableParallelism()));
};
