import type { RequestContext } from '../shared/context.ts';
import { cursorBinding, openCursor } from '../shared/cursor.ts';
import { type Endpoint, type EndpointInput, pagedRequest } from '../shared/http/endpoints.ts';
import type { EdgeDeps } from './edge-deps.ts';

/** Refuses a cursor wherever signature, expiry or binding tells. The function throws NexusError 410. */
export const createCursorCheck =
  ({ bindings, now }: Pick<EdgeDeps, 'bindings' | 'now'>) =>
  (endpoint: Endpoint, context: RequestContext, input: EndpointInput): void => {
    const paged = pagedRequest(endpoint, context, input);
    const cursor = paged?.fields.cursor;
    if (paged === undefined || typeof cursor !== 'string') return;
    const binding = cursorBinding(endpoint.id, paged.locations, paged.fields);
    openCursor(cursor, binding, bindings.NEXUS_CURSOR_KEYS, now());
  };
