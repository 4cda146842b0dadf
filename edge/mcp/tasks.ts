import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { documentSchema } from '../../shared/http/ingest.ts';
import type { Task } from '../../shared/http/tasks.ts';
import { limits } from '../../shared/limits.ts';
import { scopeSchema, spaceIdSchema } from '../../shared/space-key.ts';
import { finalStatuses } from '../../shared/task-status.ts';
import { answer, failure } from './answers.ts';
import { type ApiAnswer, type CallApi, pathOf } from './call-api.ts';

/** Agents bring text; files and vectors come by the API. */
const { id, metadata, type } = documentSchema.shape;
const textDocumentSchema = z.strictObject({ id, text: z.string().min(1).max(limits.textChars), metadata, type });

const ingestSchema = z.strictObject({
  space_id: spaceIdSchema.meta({ description: 'Made by its first document if it is new' }),
  documents: z
    .array(textDocumentSchema)
    .min(1)
    .max(limits.mcpDocuments)
    .meta({ description: 'Each with its text; an id, if given, replaces the document of that id' }),
  scope: scopeSchema.optional(),
});

const sentence = ({ task_id, status, counts, errors }: Task): string => {
  const failed = errors.map(({ doc_id, code, message }) => `${doc_id ?? 'all'}: ${code}: ${message}`);
  const done = `${counts.written} of ${counts.documents} documents written, ${counts.superseded} superseded, ${counts.failed} failed`;
  const hint = finalStatuses.includes(status) ? [] : ['Not done yet: ask read_task for it.'];
  return [`${task_id} ${status}: ${done}.`, ...failed, ...hint].join('\n');
};

const readTask = (call: CallApi, taskId: string): Promise<ApiAnswer<Task>> => call<Task>('GET', pathOf(['tasks', taskId]));

const told = (found: ApiAnswer<Task>) => (found.error === undefined ? answer(sentence(found.body), { ...found.body }) : failure(found.error));

/** @param sleep resolves after so many milliseconds */
export const registerTasks = (server: McpServer, call: CallApi, sleep: (ms: number) => Promise<void>): void => {
  /** Long enough for a document or two, so that an agent can search for what it has just put in. */
  const waitFor = async (taskId: string): Promise<ApiAnswer<Task>> => {
    for (let waitedMs = 0; ; waitedMs += limits.mcpTaskPollMs) {
      const found = await readTask(call, taskId);
      if (found.error !== undefined || finalStatuses.includes(found.body.status) || waitedMs >= limits.mcpTaskWaitMs) return found;
      await sleep(limits.mcpTaskPollMs);
    }
  };

  server.registerTool(
    'ingest',
    {
      title: 'Put documents into a space',
      description: 'Stores documents and waits a moment until they can be found. What was stored under the same id is replaced.',
      inputSchema: ingestSchema,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    async ({ space_id, ...body }) => {
      const accepted = await call<{ task_id: string }>('POST', pathOf(['spaces', space_id, 'ingest']), body);
      return accepted.error === undefined ? told(await waitFor(accepted.body.task_id)) : failure(accepted.error);
    },
  );

  server.registerTool(
    'read_task',
    {
      title: 'Read a task',
      description: 'Tells how an accepted request is doing, and what went wrong with which document.',
      inputSchema: z.strictObject({ task_id: z.string() }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ task_id }) => told(await readTask(call, task_id)),
  );
};
