/** Every number of the product, once, with its unit and its reason. Nothing else in the tree states one of these. */

const KiB = 1024;
const MiB = 1024 * KiB;
const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const limits = {
  /** Bodies the edge reads whole, to validate them and bind their hash; larger ones stream through (Workers have 128 MB). */
  edgeReadsBodyBytes: 1 * MiB,
  /** An ingest request: below Cloud Run's 32 MiB request limit, with room for base64. */
  ingestBodyBytes: 24 * MiB,
  /** One uploaded file, streamed; same ceiling as Cloud Run's HTTP/1 request. */
  blobBytes: 30 * MiB,
  /** A Pub/Sub message is at most 10 MB before base64, so a push body needs 14 MB. */
  pushBodyBytes: 14 * MiB,
  /** Event bodies above this are stored as a blob and referenced: keeps the spine fast and below every broker's limit. */
  inlineEventBytes: 256 * KiB,

  /** Query text, in UTF-16 code units. */
  queryChars: 8192,
  defaultLimit: 10,
  maxLimit: 100,
  /** A walk goes this deep, in hits. */
  windowHits: 1000,
  /** Depth of each raw list on the first pages, in rows: constant, because an ANN list of k is no prefix of one of k + 1. */
  rawListDepth: 128,
  rerankTopN: 100,
  /** Points of one snapshot: what a browser draws, and what one process maps in bounded memory; a fair sample of a larger space. */
  hazePoints: 100_000,
  /** Passages whose place is computed one against the other; the others are placed among them. */
  hazeLandmarks: 4000,
  /** Points of one page, at most, and of a first picture unless asked otherwise. */
  hazePagePoints: 20_000,
  hazeFirstPoints: 2000,
  /** A point's title and snippet, in UTF-16 code units. */
  hazeTitleChars: 80,
  hazeSnippetChars: 160,
  /** A reranker that takes longer than this is not waited for. */
  rerankDeadlineMs: 2 * secondMs,
  /** A second try fits into the deadline, more do not. */
  rerankRetry: { attempts: 2, backoffMs: 50, backoffMaxMs: 50, retryAfterMaxMs: 500 },
  /** Standard reciprocal-rank constant (Cormack, Clarke, Büttcher 2009). */
  fusionK: 60,
  fusionKMax: 10_000,
  fusionWeightMax: 1000,
  /** Words of one query that may be misspelt (`word~`); each is compared with every word there is. */
  misspeltTerms: 16,
  /** Words of a query that are counted over both scopes: each is a search of its own. */
  pooledTerms: 32,
  /** Quoted phrases of one query: each is a search of its own within the engine. */
  queryPhrases: 16,
  /** Places shown of one hit. */
  highlights: 200,
  filterDepth: 16,
  filterNodes: 256,
  filterListItems: 1000,
  /** Vector length: the largest models of the field give 4,096. */
  maxDimension: 4096,
  /** Largest magnitude of a vector's component: the squares of 4,096 of them still fit a float32. */
  vectorComponentMax: 1e15,
  /** Problems told of one bad request. */
  issues: 20,

  cursorTtlMs: 1 * hourMs,
  /** Versions that were current within this time stay readable: a cursor's longest life (its hour rounded up) and an hour of slack. */
  versionRetentionMs: 3 * hourMs,
  /** Serialised cursor, in bytes: fits headers and query strings of usual proxies. */
  cursorBytes: 16 * KiB,
  grantTtlMs: 60 * secondMs,
  /** Tolerated difference of two machines' clocks when a token's times are judged. */
  clockSkewMs: 30 * secondMs,
  /** Shortest secret that signs anything, in characters: HS256 wants 256 bits (RFC 7518, 3.2). */
  secretChars: 32,

  documentsPerRequest: 1000,
  documentIdChars: 256,
  /** Documents deleted by one request by id. */
  deletesPerRequest: 1000,
  documentTypeChars: 64,
  metadataKeys: 64,
  metadataBytes: 16 * KiB,
  metadataKeysPerSpace: 256,
  /** One extracted text, in UTF-16 code units: above this a document is refused, not cut. */
  textChars: 10_000_000,
  /** Processes that read documents: as many documents are read at once; more wait for their turn. */
  readingProcesses: 2,
  /** One document's reading: hundreds of pages take seconds. */
  readingMs: 120 * secondMs,
  /** What is left of it after others of the same request took too long, and how many of them are waited for: together less than half a push's time. */
  readingMsMin: 5 * secondMs,
  lateDocuments: 8,
  /** What reading one document may hold, in bytes: objects and texts; and everything together, a quarter of it Node itself. */
  readingHeapBytes: 384 * MiB,
  readingMemoryBytes: 640 * MiB,
  /** A process without work gives its memory back after this. */
  readingIdleMs: 10 * secondMs,
  /** Chunks of a document that are handed on together while it is read; a long document's progress moves by as many. */
  passagesAtOnce: 128,
  /** Texts up to this are cut where they are, in UTF-16 code units: sending them to a process would take longer. */
  readInPlaceChars: 64 * KiB,
  /** The same for files in formats that do not unpack: a page this long can be nested without harm. */
  readInPlaceBytes: 16 * KiB,
  pdfPages: 5000,
  /** The XML in a Word document, unpacked: a page is about 10 KiB of it. */
  unpackedBytes: 64 * MiB,
  /** An uploaded file's name, in UTF-8 bytes: object stores allow 1,024 for a whole key. */
  blobNameBytes: 512,
  idempotencyKeyChars: 255,
  idempotencyTtlMs: 24 * hourMs,
  taskTtlMs: 30 * dayMs,
  tombstoneTtlMs: 31 * dayMs,
  /** Errors kept on one task; the counts stay exact. */
  taskErrors: 100,

  /** A passage that reads by itself; most embedding models take at least this much. */
  chunkTokens: 512,
  chunkTokensMin: 16,
  chunkTokensMax: 2048,
  chunkOverlapTokens: 64,

  /** Texts of one task that are embedded together: enough to keep every connection of an embedder busy, few enough to hold. */
  embedTextsTogether: 4096,
  /** Embedding the texts of one task, all tries included: below the push's own deadline. */
  embedDocumentsTimeoutMs: 540 * secondMs,
  /** Embedding one query, all tries included: a query that cannot be embedded is told before the edge gives up. */
  embedQueryTimeoutMs: 15 * secondMs,
  /** Embedded queries kept in memory, in bytes of vectors. */
  embedQueryCacheBytes: 32 * MiB,
  /** Patience with a vendor of models: six tries, so that one call in twenty may fail without anybody noticing. */
  vendorRetry: { attempts: 6, backoffMs: 100, backoffMaxMs: 5 * secondMs, retryAfterMaxMs: 60 * secondMs },
  /** One try of a call to a vendor of models. */
  vendorTimeoutMs: 30 * secondMs,
  /** An answer of a vendor, in bytes: 2,048 vectors of 4,096 numbers as JSON stay below it. */
  vendorAnswerBytes: 256 * MiB,

  /** Measurements in one request, inline or in files: a year of five-minute values. */
  kpiMeasurements: 100_000,
  /** Metrics, each with its dimensions, in one request. */
  kpiSeries: 100,
  kpiDimensions: 16,
  kpiDimensionChars: 128,
  kpiTitleChars: 128,
  kpiUnitChars: 32,
  /** Periods of one grain that have a fact of their own, the newest: more than a year of hours, or 27 years of days. */
  kpiPeriods: 10_000,

  afterTaskWaitMs: 10 * secondMs,
  /** `consistency: "eventual"` may be this old. */
  eventualAgeMs: 5 * secondMs,

  /** The edge gives a runner this long to begin its answer. */
  forwardTimeoutMs: 30 * secondMs,
  /** A runner is told so much less: its own 504 comes first, and one that says nothing in time does not work. */
  forwardMarginMs: 500,
  /** Uploads and large ingests may take as long as a slow client needs. */
  uploadTimeoutMs: 300 * secondMs,
  /** Requests that work at once, for each core: enough to keep it busy. More answer hardly more, and each later: a tenant's one query shares the cores with all that have a place. */
  workPlacesPerCore: 2,
  /** The same where tables lie on an object store: most of the time such a request waits for the network. */
  remoteWorkPlacesPerCore: 32,
  /** Requests that wait for a place to work: of one tenant less than a second's work of a small instance, in all a few tenants' worth. */
  waitingRequests: 2048,
  waitingRequestsPerTenant: 512,
  /** Nobody waits longer for a place: later, whoever asked has given up or asked again. */
  waitForPlaceMs: 10 * secondMs,
  /** Files on their way in at once: each is a connection and a buffer, and takes as long as its sender likes. */
  uploadPlaces: 64,
  waitingUploads: 128,
  waitingUploadsPerTenant: 64,
  /** Pushed messages under way at once: more than the spine sends, fewer than memory holds. */
  messagesAtOnce: 256,
  /** JSON bodies held in memory at once, in bytes, and of one tenant: the parsed form takes several times as much. */
  bodyBytesHeld: 128 * MiB,
  bodyBytesHeldPerTenant: 96 * MiB,
  /** Request line and headers of a request to the runner: a cursor in the query string stands there twice, the second time in the grant. */
  headerBytes: 64 * KiB,
  /** Connections of a runner: each costs some ten kilobytes. */
  connections: 8192,
  /** One look at a place that `/ready` asks about. */
  readyProbeMs: 2 * secondMs,
  /** Pub/Sub's longest acknowledgement deadline is also the request's timeout. */
  pushTimeoutMs: 600 * secondMs,
  /** Pub/Sub's shortest one. */
  pushTimeoutMsMin: 10 * secondMs,

  /**
   * The client's patience. Together half a minute at most and at least half of that: a runner that restarts is back by
   * then. A server that asks for a longer wait than the longest is told to the caller instead.
   */
  clientRetry: { attempts: 10, backoffMs: 200, backoffMaxMs: 5 * secondMs, retryAfterMaxMs: 60 * secondMs, jitter: 0.5 },
  /** One try of an ordinary call: longer than the edge waits for a runner, so that the edge's own answer comes first. */
  clientTimeoutMs: 60 * secondMs,
  /** Waiting for a task, and asking how it is: often at first, then less. */
  clientTaskWaitMs: 10 * minuteMs,
  clientTaskPollMs: 100,
  clientTaskPollMaxMs: 2 * secondMs,

  /** Bulk ingest: bytes of documents a request carries, and requests on the way at once: enough to be fast, few enough to show progress. */
  clientBatchBytes: 4 * MiB,
  clientRequestsInFlight: 4,
  /** Files above this are uploaded first: in base64 a smaller one still fits the body that the edge reads. */
  cliInlineFileBytes: 700 * KiB,
  /** `nexus kpi`: characters of a file that one request brings; in any encoding below what an uploaded file may have. */
  cliKpiPartChars: 7 * MiB,
  /** `nexus … --wait` gives a task this long. */
  cliTaskWaitMs: 1 * hourMs,
  /** The token that the CLI makes for itself from the local stack's secrets: outlives the longest command. */
  cliTokenTtlMs: 24 * hourMs,
  /** `nexus eval` looks so often, so far apart, whether maintenance has indexed what was put in. */
  cliIndexLooks: 30,
  cliIndexLookMs: 500,
  /** A printed hit's text, in characters, and its lines. */
  cliSnippetChars: 480,
  cliSnippetWidth: 96,

  /** MCP: an answer of a tool fits an agent's context window beside its work. Passages, and the characters of each that are shown. */
  mcpHits: 5,
  mcpHitsMax: 20,
  mcpPassageChars: 2_000,
  /** Characters of a document that one call reads. */
  mcpReadChars: 8_000,
  mcpReadCharsMax: 40_000,
  mcpDocuments: 100,
  /** `ingest` waits this long for its task, which is far below what agents wait for a tool. */
  mcpTaskWaitMs: 10 * secondMs,
  mcpTaskPollMs: 200,

  /** `npm start`: both tiers answer within this, or it gives up; both have ended within this after a signal, or they are killed. */
  startTimeoutMs: 120 * secondMs,
  stopTimeoutMs: 10 * secondMs,

  requestIdChars: 128,
  /** A runner that could not be reached is asked last for this long, by the isolate that saw it. */
  runnerDownMs: 10 * secondMs,
  /** Google's ID tokens: how long they live, how long before their end a new one is got, and how long that may take. */
  idTokenTtlMs: 1 * hourMs,
  idTokenSlackMs: 5 * minuteMs,
  idTokenTimeoutMs: 5 * secondMs,
  /** The period of the rate limit in wrangler.toml, which the binding does not tell. */
  rateLimitPeriodMs: 10 * secondMs,
  apiKeyCacheMs: 60 * secondMs,
  /** API keys kept in one isolate, about a kilobyte each. */
  apiKeysCached: 5_000,
  routesCacheMs: 60 * secondMs,
  jwksCacheMs: 600 * secondMs,
  /** One fetch of an issuer's keys. */
  jwksTimeoutMs: 5 * secondMs,
  /** An unknown key id asks the issuer at most this often, so that forged ids cannot flood it. */
  jwksCooldownMs: 30 * secondMs,
} as const;
