import { parentPort } from 'node:worker_threads';
import type { MapAnswer, MapRequest } from './mapper.ts';
import { fitProjection, type Projection } from './project/projection.ts';

/** Entry of the thread that computes maps: minutes of arithmetic for a large space, which must not hold up requests. */

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the runner');

let projection: Projection | undefined;

const answer = (request: MapRequest): MapAnswer => {
  if (request.kind === 'fit') {
    projection = fitProjection(request.landmarks, request.texts, request.isCosine);
    return { fitted: projection.fitted };
  }
  if (projection === undefined) throw new Error('nothing was fitted yet');
  return { placed: projection.place(request.vectors) };
};

port.on('message', (request: MapRequest) => {
  try {
    const said = answer(request);
    port.postMessage(said, 'placed' in said ? [said.placed.places.buffer as ArrayBuffer, said.placed.clusters.buffer as ArrayBuffer] : []);
  } catch (error) {
    port.postMessage({ failed: (error as Error).stack ?? String(error) } satisfies MapAnswer);
  }
});
