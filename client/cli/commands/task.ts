import type { Task } from '../../../shared/http/tasks.ts';
import { limits } from '../../../shared/limits.ts';
import { CliError, type Command, parseFlags, printable } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';

const help = `nexus task: how an accepted request is doing

  nexus task task_0199…
  nexus task task_0199… --wait          until it has ended; exit code 1 when anything failed
  nexus task task_0199… --json          the API's JSON

${connectionHelp}
`;

const taskText = (task: Task): string => {
  const { documents, chunks, written, superseded, failed } = task.counts;
  const lines = [
    `${task.task_id} ${task.status}`,
    `${task.kind} into ${task.space_id} (${task.scope}), accepted ${task.created_at}, changed ${task.updated_at}`,
    `${documents} documents: ${written} written, ${superseded} superseded, ${failed} failed; ${chunks} chunks`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
};

/** Errors of a task, one a line; the task keeps the first ones, its counts are exact. */
export const taskErrorsText = ({ errors, counts }: Task): string => {
  // The id of a KPI series without dimensions ends with a colon of its own.
  const lines = errors.map(({ doc_id, code, message }) => `${code}: ${doc_id === null ? '' : `${doc_id.replace(/:$/, '')}: `}${message}`);
  if (counts.failed > errors.length) lines.push(`… and ${counts.failed - errors.length} more`);
  return lines.map((line) => `${printable(line)}\n`).join('');
};

export const hasFailures = (task: Task): boolean => task.status === 'failed' || task.counts.failed > 0;

export const taskCommand: Command = {
  name: 'task',
  summary: 'how an accepted request is doing',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, { ...connectionFlags, json: { type: 'boolean' }, wait: { type: 'boolean' } });
    const [taskId, ...rest] = positionals;
    if (taskId === undefined || rest.length > 0) throw new CliError('cli.usage', 'Name one task, by the id that ingest printed.');
    const nexus = await connect(values, io);
    const task = values.wait ? await nexus.waitForTask(taskId, { timeoutMs: limits.cliTaskWaitMs }) : await nexus.task(taskId);
    io.out(values.json ? `${JSON.stringify(task)}\n` : taskText(task));
    io.err(taskErrorsText(task));
    return values.wait && hasFailures(task) ? 1 : 0;
  },
};
