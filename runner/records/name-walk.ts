import { type CursorKeys, type CursorPayload, cursorBinding, cursorExpiry, givenDigest, openCursor, sealCursor } from '../../shared/cursor.ts';

/** Pages over things that have a name and an order: a cursor says after which name to go on. */
export interface NameWalk {
  /** The name after which this page begins. */
  after: string | undefined;
  /** The cursor for the page after `last`. */
  next(last: string): string;
}

export interface NameWalkDeps {
  cursorKeys: CursorKeys;
  nowMs: () => number;
}

/** @throws NexusError 410 when the cursor is not this request's */
export const nameWalk = ({ cursorKeys, nowMs }: NameWalkDeps, endpoint: string, paged: { fields: Record<string, unknown>; locations: string[] }): NameWalk => {
  const binding = cursorBinding(endpoint, paged.locations, paged.fields);
  const text = paged.fields.cursor;
  const cursor: CursorPayload | undefined = typeof text === 'string' ? openCursor(text, binding, cursorKeys, nowMs()) : undefined;
  return {
    after: cursor?.state?.after as string | undefined,
    next: (last) =>
      sealCursor(
        { exp: cursor?.exp ?? cursorExpiry(nowMs()), bind: binding, pins: {}, position: 0, given: givenDigest([]), state: { after: last } },
        cursorKeys,
      ),
  };
};
