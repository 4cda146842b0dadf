import { fakeStoreBattery } from './fake-places.ts';

fakeStoreBattery('GCS', 'gs://bucket', (url) => ({ NEXUS_GCS_ENDPOINT: url }));
