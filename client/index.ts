export type { DocumentSummary } from '../shared/http/documents.ts';
export type { IngestBody, IngestDocument } from '../shared/http/ingest.ts';
export type { KpiBody, KpiMetric } from '../shared/http/kpi.ts';
export type { Hit, QueryRequest, QueryResponse } from '../shared/http/query.ts';
export type { SettingsBody, SpaceDescription } from '../shared/http/spaces.ts';
export type { Task } from '../shared/http/tasks.ts';
export type { DeleteOptions, DeleteRequest, ListDocumentsOptions, StoredDocument } from './documents.ts';
export {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  CursorInvalidError,
  InvalidRequestError,
  NexusApiError,
  NexusClientError,
  NexusConnectionError,
  NexusTimeoutError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  ServerError,
} from './errors.ts';
export type { HazePointsOptions, SpaceHaze } from './haze.ts';
export type { IngestAllOptions } from './ingest-all.ts';
export { createNexus, type ListSpacesOptions, type ListTasksOptions, type Nexus, type NexusOptions, type SpaceEntry } from './nexus.ts';
export type { PagedList } from './pages.ts';
export type { IngestOptions, ScopedOptions, Space, SpaceBlobs, SpaceSettings, UploadedBlob, UploadOptions } from './space.ts';
export { type AcceptedTask, isFinal, type WaitOptions } from './task.ts';
export type { CallOptions } from './transport.ts';
