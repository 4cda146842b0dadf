import { NexusError } from '../../shared/errors.ts';
import { declaredLength, tooLarge } from '../../shared/http/parse.ts';

/** A body's pieces, counted. @throws NexusError 413 as soon as they are too many; 400 when the sender went away */
export async function* limitedBody(request: Request, maxBytes: number): AsyncGenerator<Uint8Array> {
  if ((declaredLength(request.headers.get('content-length')) ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return;
  let bytes = 0;
  try {
    for await (const piece of request.body) {
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield piece;
    }
  } catch (error) {
    if (error instanceof NexusError) throw error;
    throw new NexusError('nexus.malformed_json', 'The body ended before it was complete. Send it again.', { cause: error });
  }
}

/** @param hold is told of each piece before it is kept, and may refuse it by throwing */
export const readBody = async (request: Request, maxBytes: number, hold: (bytes: number) => void = () => undefined): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of limitedBody(request, maxBytes)) {
    hold(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};
