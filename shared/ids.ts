import { hex, randomBytes } from './bytes.ts';

/** The one table of id prefixes. */
const prefixes = { task: 'task_', request: 'req_', incarnation: 'inc_', instance: 'run_', event: 'evt_', snapshot: 'map_' } as const;

const millisecondsHex = 12;
const randomHex = 20;

/**
 * A time-ordered id: prefix, 48 bits of Unix milliseconds, 80 random bits, in lower-case hex.
 * Sorting ids as text sorts them by time of creation.
 */
export const newId = (kind: keyof typeof prefixes, nowMs: number): string =>
  prefixes[kind] + Math.max(0, Math.trunc(nowMs)).toString(16).padStart(millisecondsHex, '0') + hex(randomBytes(randomHex / 2));

export const taskIdPattern = new RegExp(`^${prefixes.task}[0-9a-f]{${millisecondsHex + randomHex}}$`);

/**
 * A task id with its digits complemented: object stores list names in ascending order, so records named this way are
 * listed newest first. Its own inverse.
 */
export const complementTaskId = (taskId: string): string =>
  prefixes.task + [...taskId.slice(prefixes.task.length)].map((digit) => (15 - Number.parseInt(digit, 16)).toString(16)).join('');

/** @returns Unix milliseconds at which the id was made. */
export const taskIdTimeMs = (taskId: string): number => Number.parseInt(taskId.slice(prefixes.task.length, prefixes.task.length + millisecondsHex), 16);

/** A caller's `X-Request-Id` is taken over when it looks like this. */
export const requestIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
