export type { DeleteOptions, DeleteRequest, ListDocumentsOptions, StoredDocument } from './documents.ts';
export { NexusApiError, NexusConnectionError, NexusTimeoutError } from './errors.ts';
export { createNexus, type ListSpacesOptions, type ListTasksOptions, type Nexus, type NexusOptions, type SpaceEntry } from './nexus.ts';
export type { PagedList } from './pages.ts';
export type { Accepted, IngestOptions, ScopedOptions, Space, SpaceBlobs, SpaceSettings, UploadedBlob, UploadOptions } from './space.ts';
export { isFinal, type WaitOptions } from './task.ts';
export type { CallOptions } from './transport.ts';
