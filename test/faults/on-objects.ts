import { type Door, objectStore, serveObjects } from '../fakes/object-store/serve.ts';
import { type Answer, type RunningRunner, startRunner } from '../runner/running-runner.ts';

export const routesOnObjects = {
  routes: [
    { id: 'store', kind: 'nexus_store', match: {}, backend: 'lancedb', root: 'gs://bucket/nexus' },
    { id: 'blobs', kind: 'nexus_blob_store', match: {}, backend: 'blob', root: 'gs://bucket/blobs' },
  ],
};

/** A runner whose tables, records and blobs lie on an object store that can be made to misbehave. */
export interface OnObjects {
  door: Door;
  runner: RunningRunner;
  /** Ids of the documents that a query finds, ascending. */
  found(space: string): Promise<string[]>;
  /** The task as it ended. */
  ended(taskId: string): Promise<Answer['body']>;
  stop(): Promise<void>;
}

export const startOnObjects = async (): Promise<OnObjects> => {
  const door = await serveObjects(objectStore(['bucket']));
  const runner = await startRunner({ routes: routesOnObjects, env: { NEXUS_GCS_ENDPOINT: door.url } });
  return {
    door,
    runner,
    async found(space) {
      const { status, body } = await runner.call('POST', `/nexus/spaces/${space}/query`, { query: 'words', mode: 'text', limit: 100 });
      if (status !== 200) throw new Error(`the query answered ${status}: ${JSON.stringify(body)}`);
      return body.hits.map(({ doc_id }: { doc_id: string }) => doc_id).sort();
    },
    async ended(taskId) {
      for (;;) {
        const { status, body } = await runner.call('GET', `/nexus/tasks/${taskId}`);
        if (status === 200 && ['succeeded', 'partial', 'failed'].includes(body.status)) return body;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      await runner.stop();
      await door.close();
    },
  };
};
