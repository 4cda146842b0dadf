import type { TaskError } from '../../../shared/events.ts';
import type { IngestDocument } from '../../../shared/http/ingest.ts';
import type { Task } from '../../../shared/http/tasks.ts';
import { limits } from '../../../shared/limits.ts';
import type { Scope } from '../../../shared/space-key.ts';
import type { Nexus, Space } from '../../index.ts';
import type { FoundFile } from './list-files.ts';
import type { Progress } from './progress.ts';
import { readDocuments, type Upload } from './read-documents.ts';

/** What became of everything that was read; filled while it goes on, so that a failure in the middle loses nothing. */
export interface Sent {
  taskIds: string[];
  documents: number;
  /** Documents that were not sent, because of what they are. */
  refused: TaskError[];
}

const kilobytes = (bytes: number): number => Math.round(bytes / 1024);

/** Two documents with one id in one run would leave it to chance which of them stays. */
const isNew = (document: IngestDocument, seen: Set<string>): boolean => {
  if (document.id === undefined) return true;
  if (seen.has(document.id)) return false;
  seen.add(document.id);
  return true;
};

async function* documentsOf(files: readonly FoundFile[], upload: Upload, sent: Sent, progress: Progress): AsyncGenerator<IngestDocument> {
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const seen = new Set<string>();
  let bytes = 0;
  for (const file of files) {
    progress.draw('sending ', kilobytes(bytes), kilobytes(totalBytes), 'KiB');
    for await (const read of readDocuments(file, upload)) {
      if ('refused' in read) sent.refused.push(read.refused);
      else if (isNew(read.document, seen)) yield read.document;
      else sent.refused.push({ doc_id: read.document.id ?? null, code: 'cli.duplicate_id', message: `${file.id}: another document of this run has this id.` });
    }
    bytes += file.bytes;
  }
}

/** Sends every document, several requests at once. @throws what the first failing request threw; `sent` says what had been accepted */
export const sendFiles = async (space: Space, files: readonly FoundFile[], scope: Scope | undefined, sent: Sent, progress: Progress): Promise<void> => {
  const upload: Upload = async (name, bytes, mediaType) => (await space.blobs.put(name, bytes, { scope, mediaType })).ref;
  await space.ingestAll(documentsOf(files, upload, sent, progress), {
    scope,
    onAccepted({ task_id }, documents) {
      sent.taskIds.push(task_id);
      sent.documents += documents;
    },
  });
};

/** Waits for every task; they run side by side anyway. */
export const waitForAll = async (nexus: Nexus, sent: Sent, progress: Progress): Promise<Task[]> => {
  const tasks: Task[] = [];
  const settled = ({ written, superseded, failed }: Task['counts']) => written + superseded + failed;
  let done = 0;
  for (const taskId of sent.taskIds) {
    const onProgress = (task: Task) => progress.draw('indexing', done + settled(task.counts), sent.documents, 'documents');
    const task = await nexus.waitForTask(taskId, { onProgress, timeoutMs: limits.cliTaskWaitMs });
    done += settled(task.counts);
    tasks.push(task);
  }
  return tasks;
};
