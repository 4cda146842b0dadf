import type { Door } from '../test/fakes/object-store/serve.ts';

/** A runner on the fake object store, as its environment says it. */
export const onObjectStore = ({ url }: Door): Record<string, string> => ({
  NEXUS_ROUTES: JSON.stringify({
    routes: [
      { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: 'gs://bucket/nexus' },
      { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
    ],
  }),
  NEXUS_GCS_ENDPOINT: url,
});

/** The same store, as the engine alone is told of it. */
export const engineOptions = ({ url }: Door): Record<string, string> => ({ google_base_url: url, google_storage_token: 'dev', allow_http: 'true' });

/** The folder of the tables that `startRunnerProcess` has a runner write. */
export const tablesUri = 'gs://bucket/nexus/t_bench/dev/p1/bench';
