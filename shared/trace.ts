import { hex, randomBytes } from './bytes.ts';

/** W3C Trace Context, level 1: one trace from the caller through edge, runner and event to the worker. */
export interface Trace {
  /** 32 hex digits, the same all the way. */
  traceId: string;
  /** 16 hex digits: this step. */
  spanId: string;
  /** Two hex digits; bit 0: the caller keeps this trace. */
  flags: string;
}

const pattern = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeros = /^0+$/;

/** @returns undefined for what the specification calls invalid: it is then as if there were none */
export const parseTraceparent = (text: string | null | undefined): Trace | undefined => {
  const [, version, traceId = '', spanId = '', flags = '', more] = pattern.exec(text ?? '') ?? [];
  if (version === undefined || zeros.test(traceId) || zeros.test(spanId)) return undefined;
  // Version 00 ends after the flags; later ones may say more.
  return version === '00' && more !== undefined ? undefined : { traceId, spanId, flags };
};

/** The next step of a trace, or the first of a new one. */
export const nextTrace = (parent: Trace | undefined): Trace => ({
  traceId: parent?.traceId ?? hex(randomBytes(16)),
  spanId: hex(randomBytes(8)),
  flags: parent?.flags ?? '00',
});

export const traceparentOf = ({ traceId, spanId, flags }: Trace): string => `00-${traceId}-${spanId}-${flags}`;
