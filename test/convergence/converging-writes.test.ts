import { afterAll, beforeAll, expect, test } from 'vitest';
import { scaled } from '../scale.ts';
import { converge } from './converge.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { folderView } from './published.ts';
import { type SharedRoots, sharedRoots } from './shared-roots.ts';

const runs = scaled(40);
const workers = 4;
const seed = Number(process.env.NEXUS_TEST_SEED ?? Date.now());

let roots: SharedRoots;
let fleet: Fleet;
beforeAll(async () => {
  roots = sharedRoots();
  fleet = await startFleet(roots, workers);
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  roots.remove();
}, 60_000 * scaled(1));

test(
  `${runs} histories on ${workers} processes that are paused and killed: every published version and the end are the last accepted requests' whole documents`,
  async () => {
    const { killed, lostLease } = await converge({ fleet, store: folderView(roots.store), random: Math.random }, { runs, seed, atOnce: 16 });
    expect(killed + lostLease, 'lease holders were killed and paused').toBeGreaterThan(0);
  },
  300_000 * scaled(1),
);
