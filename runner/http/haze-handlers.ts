import { arrowStream } from '../../shared/http/arrow-stream.ts';
import type { HazePointsQuery } from '../../shared/http/haze.ts';
import { pointsToArrow } from '../haze/points-to-arrow.ts';
import { type ReadPointsDeps, readPoints } from '../haze/read-points.ts';
import type { GrantedCall } from './granted-call.ts';

const wantsArrow = (accept: string | null): boolean => accept?.split(',').some((part) => part.split(';')[0]?.trim().toLowerCase() === arrowStream) === true;

/** Kept by a browser alone, and asked about each time: the same URL shows another caller another map. */
const caching = { 'cache-control': 'private, no-cache', vary: 'accept, authorization, x-env, x-project-id, x-surface-id' };

export const getPoints = async (deps: ReadPointsDeps, call: GrantedCall): Promise<Response> => {
  const page = await readPoints(deps, call.context, call.params.space_id ?? '', call.query as HazePointsQuery, call.requestId);
  const isArrow = wantsArrow(call.request.headers.get('accept'));
  // Two forms of one page are two representations.
  const etag = page.etag === undefined || !isArrow ? page.etag : page.etag.replace(/"$/, '-arrow"');
  const headers = etag === undefined ? { 'cache-control': 'no-store' } : { etag, ...caching };
  if (etag !== undefined && call.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const said = await page.read();
  if (!isArrow) return Response.json(said, { headers });
  return new Response(pointsToArrow(said) as Uint8Array<ArrayBuffer>, { headers: { ...headers, 'content-type': arrowStream } });
};
