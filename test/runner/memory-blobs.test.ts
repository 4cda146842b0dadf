import { blobsBattery } from './blobs-battery.ts';
import { memoryBlobs } from './memory-blobs.ts';

blobsBattery('blobs in memory', async () => ({ blobs: memoryBlobs(), remove: async () => undefined }));
