import { tooLarge } from '../shared/http/parse.ts';
import type { Outgoing } from './edge-deps.ts';
import type { Body, BodyStream } from './read-body.ts';

/**
 * What was read, then the rest, counted.
 *
 * Abort first, then error: workerd ends a stream that merely errors with a well-formed last chunk, so that a runner
 * would take half a file for a whole one. An aborted request is cut off visibly.
 */
const counted = ({ start, rest, maxBytes }: BodyStream, abort: (reason: unknown) => void): ReadableStream<Uint8Array> => {
  const ahead = [...start];
  const reader = rest.getReader();
  let length = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = ahead.shift() ?? (await reader.read()).value;
        if (next === undefined) return controller.close();
        length += next.length;
        if (length > maxBytes) throw tooLarge(maxBytes);
        controller.enqueue(next);
      } catch (error) {
        abort(error);
        controller.error(error);
        await reader.cancel(error).catch(() => undefined);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
};

/** A body of declared length goes through untouched: the runtime pipes it without waking us for each chunk, and keeps its length. */
const streamed = (body: BodyStream, abort: (reason: unknown) => void): ReadableStream<Uint8Array> =>
  body.declared && body.start.length === 0 ? body.rest : counted(body, abort);

/** @param abort ends the outgoing request with a reason */
export const outgoingBody = (body: Body, abort: (reason: unknown) => void): Pick<Outgoing, 'body' | 'duplex'> => {
  if (body.kind === 'none') return {};
  if (body.kind === 'bytes') return { body: body.bytes };
  return { body: streamed(body, abort), duplex: 'half' };
};
