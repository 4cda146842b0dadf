import { afterAll, beforeAll } from 'vitest';
import { type Azurite, startAzurite } from '../fakes/azurite.ts';
import { blobsBattery } from '../runner/blobs-battery.ts';
import { newPlace } from './fake-places.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite(['bucket']);
});
afterAll(() => azurite.stop());

blobsBattery('blobs on Azurite', () => newPlace(azurite.variables, 'az://bucket'));
