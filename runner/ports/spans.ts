import type { Trace } from '../../shared/trace.ts';

/** One step of a trace that has ended: ids, names and times; never content, never secrets. */
export interface EndedSpan {
  trace: Trace;
  /** The step that asked for this one; undefined: this one begins the trace. */
  parent: Trace | undefined;
  name: string;
  /** `server` answered a request, `consumer` handled a message. */
  kind: 'server' | 'consumer';
  /** It ended now, and took so long. Milliseconds. */
  durationMs: number;
  attributes: Readonly<Record<string, string | number>>;
  failed: boolean;
}

/** Where ended steps are told. Telling costs no time: they are sent together, later. */
export interface Spans {
  ended(span: EndedSpan): void;
}

/** Attributes under a common name; what is undefined is left out. */
export const named = (prefix: string, values: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`${prefix}.${name}`, value]])));
