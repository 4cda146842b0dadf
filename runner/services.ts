import { availableParallelism } from 'node:os';
import type { CursorKeys } from '../shared/cursor.ts';
import { newId } from '../shared/ids.ts';
import { limits } from '../shared/limits.ts';
import type { Registry } from '../shared/routes.ts';
import { trimMemory } from './adapters/allocator/trim-memory.ts';
import { lanceConnections } from './adapters/lance/lance-connections.ts';
import { lanceMeasurements } from './adapters/lance/lance-measurements.ts';
import { lanceVectorStore } from './adapters/lance/lance-vector-store.ts';
import { blobsByRoot } from './adapters/objects/blobs-at.ts';
import { processReader } from './adapters/reading/process-reader.ts';
import { type Admission, createAdmission } from './admission/admission.ts';
import { buildEmbedders } from './build-embedders.ts';
import { buildReranker } from './build-reranker.ts';
import { buildTelemetry } from './build-telemetry.ts';
import type { Environment } from './environment.ts';
import { buildSpine, type Delivery } from './event-spine.ts';
import { snapshotAfterCommits } from './haze/ask-for-snapshot.ts';
import { createHaze, type Haze } from './haze/haze.ts';
import type { GrantCheck } from './http/granted-call.ts';
import type { Blobs } from './ports/blobs.ts';
import type { Embedders } from './ports/embedder.ts';
import type { Events } from './ports/events.ts';
import type { Log } from './ports/log.ts';
import type { MeasurementStore } from './ports/measurements.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Reader } from './ports/reader.ts';
import type { Reranker } from './ports/reranker.ts';
import type { Spans } from './ports/spans.ts';
import type { NexusVectorStore } from './ports/vector-store.ts';
import { type EmbedQuery, queryEmbeddings } from './query/query-embeddings.ts';
import { createReadiness } from './readiness.ts';
import { loadRegistry } from './registry.ts';
import { parseObjectRoot, storageSettings } from './storage-settings.ts';
import type { CommitDeps } from './store/commit.ts';
import { type CommitQueue, createCommitQueue } from './store/commit-queue.ts';
import { createDoor, type Door } from './store/door.ts';
import { createPlaces, type Places } from './store/spaces.ts';
import { createEnding, type Ending } from './worker/ending.ts';
import type { VerifyPush } from './worker/push-auth.ts';
import { askForMaintenance } from './worker/run-maintenance.ts';

/** Everything the runner's rooms are given. Built once, here; tests build their own. */
export interface Services extends Haze {
  /** Names this process in leases and in the log. */
  instance: string;
  role: Environment['NEXUS_ROLE'];
  registry: () => Registry;
  blobsAt: (root: string) => Blobs;
  store: NexusVectorStore;
  measurements: MeasurementStore;
  places: Places;
  door: Door;
  queue: CommitQueue;
  embedders: Embedders;
  reader: Reader;
  embedQuery: EmbedQuery;
  /** Undefined: none is configured. */
  reranker: Reranker | undefined;
  rerankDeadlineMs: number;
  pushDeadlineMs: number;
  events: Events;
  grants: GrantCheck;
  cursorKeys: CursorKeys;
  verifyPush: VerifyPush;
  ending: Ending;
  nowMs: () => number;
  log: Log;
  metrics: Metrics;
  /** Undefined: nobody collects them. */
  spans: Spans | undefined;
  /** Sends what has been measured and not been sent. */
  closeTelemetry: () => Promise<void>;
  admission: Admission;
  /** Why the runner is not ready, if it is not. */
  problems: () => Promise<string[]>;
}

const MiB = 1024 * 1024;
/** Caches of the engine: sized for an instance of 1 GiB beside the process itself. */
const lanceOptions = {
  indexCacheBytes: 256 * MiB,
  metadataCacheBytes: 128 * MiB,
  maxReaders: 512,
  maxConnections: 1024,
  maxSessionRows: 4_000_000,
  memory: { bytes: 128 * MiB, bytesOfOne: 64 * MiB, idleMs: 10 * 60_000 },
};

/** An ended session of the engine leaves some hundred megabytes every few minutes under load. */
const trimMemoryEveryMs = 30_000;

const readingOptions = {
  processes: limits.readingProcesses,
  timeoutMs: limits.readingMs,
  idleMs: limits.readingIdleMs,
  heapBytes: limits.readingHeapBytes,
  memoryBytes: limits.readingMemoryBytes,
};

/** The composition root: the only place that knows adapters. */
export const buildServices = async (env: Environment, log: Log, nowMs: () => number = Date.now): Promise<{ services: Services; delivery: Delivery }> => {
  const instance = newId('instance', nowMs());
  const telemetry = await buildTelemetry(env, instance);
  const { metrics } = telemetry;
  const storage = storageSettings(env);
  const blobsAt = blobsByRoot(storage);
  const registry = await loadRegistry(env.NEXUS_ROUTES, { settings: storage, blobsAt, nowMs, log });
  const connections = lanceConnections({ ...lanceOptions, storage });
  if (!(await trimMemory(trimMemoryEveryMs))) log.info('memory.not_trimmed', { message: 'Resident memory stays near its highest: no glibc here.' });
  const store = lanceVectorStore({ ...lanceOptions, storage }, connections);
  const places = createPlaces({ registry, blobsAt, nowMs });

  const { events, verifyPush, delivery } = await buildSpine(env, { nowMs, log });
  const haze = createHaze({ places, events, log, nowMs }, env.NEXUS_HAZE === 'auto');
  const toldOfCommits = [askForMaintenance(events, log, nowMs), snapshotAfterCommits(haze.askForSnapshot)];
  const published: CommitDeps['published'] = (...commit) => {
    for (const tell of toldOfCommits) tell(...commit);
  };

  const services: Services = {
    instance,
    role: env.NEXUS_ROLE,
    registry,
    blobsAt,
    places,
    door: createDoor(places, store),
    queue: createCommitQueue({ places, store, nowMs, published, instance }),
    reader: processReader(readingOptions, log),
    embedders: await buildEmbedders(env),
    embedQuery: queryEmbeddings(),
    reranker: buildReranker(env),
    rerankDeadlineMs: env.NEXUS_RERANKER_DEADLINE_MS,
    pushDeadlineMs: env.NEXUS_PUSH_DEADLINE_MS,
    events,
    store,
    measurements: lanceMeasurements(connections.to),
    ...haze,
    grants: { secrets: [env.NEXUS_GRANT_SECRET, ...(env.NEXUS_GRANT_SECRET_OLD === undefined ? [] : [env.NEXUS_GRANT_SECRET_OLD])], registry, nowMs },
    cursorKeys: env.NEXUS_CURSOR_KEYS,
    verifyPush,
    ending: createEnding(),
    nowMs,
    log,
    metrics,
    spans: telemetry.spans,
    closeTelemetry: telemetry.close,
    admission: createAdmission(env.NEXUS_CONCURRENCY ?? placesOf(registry()), nowMs, metrics),
    problems: createReadiness({ registry, blobsAt, nowMs }),
  };
  return { services, delivery };
};

/** A core that works on files is busy with few requests; one that waits for an object store takes many. */
const placesOf = ({ routes }: Registry): number => {
  const isRemote = routes.some(({ root }) => parseObjectRoot(root) !== undefined);
  return availableParallelism() * (isRemote ? limits.remoteWorkPlacesPerCore : limits.workPlacesPerCore);
};
