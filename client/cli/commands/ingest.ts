import type { TaskError } from '../../../shared/events.ts';
import type { Task } from '../../../shared/http/tasks.ts';
import { CliError, type Command, type Io, parseFlags, printable, requireFlag } from '../command.ts';
import { listFiles } from '../ingest/list-files.ts';
import { Progress } from '../ingest/progress.ts';
import { type Sent, sendFiles, waitForAll } from '../ingest/send.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { hasFailures, taskErrorsText } from './task.ts';

const example = 'nexus ingest README.md docs/ --space docs --wait';

const help = `nexus ingest: put documents into a space

  ${example}
  nexus ingest corpus.jsonl --space papers --wait
  nexus ingest handbook/ --space docs --global --wait

Files and folders (without dotfiles, node_modules and links). A file is one document; its id is its path below the
argument's parent: docs/ gives docs/start.md. Sent again, it replaces itself. A .jsonl holds one document a line, as
{"id", "text", "metadata", …} or in BEIR's layout {"_id", "title", "text"}; a .json may hold a document or a list of them.

  --space S          the space to write
  --global           into the shared space of that name, which every tenant of the same env, project and surface can
                     search. It needs the role admin; the token made for the local stack then has it. A token of the
                     system tenant (nexus token --tenant t_system …) writes there without --global
  --wait             until everything is searchable; then the totals, and exit code 1 when a document failed
  --json             the API's JSON, a line per request: {"task_id"}, with --wait the whole task

Without --wait it prints the ids of the tasks: nexus task ID --wait

${connectionHelp}
`;

const flags = {
  ...connectionFlags,
  space: { type: 'string' },
  global: { type: 'boolean' },
  wait: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const refusedText = (refused: readonly TaskError[]): string =>
  refused.map(({ doc_id, code, message }) => `${printable(`${code}: ${doc_id === null ? '' : `${doc_id}: `}${message}`)}\n`).join('');

const totalsText = (tasks: readonly Task[], refused: number): string => {
  const sum = (count: keyof Task['counts']) => tasks.reduce((total, task) => total + task.counts[count], 0);
  return `${sum('documents') + refused} documents: ${sum('written')} written, ${sum('superseded')} superseded, ${sum('failed') + refused} failed; ${sum('chunks')} chunks\n`;
};

const report = (sent: Sent, tasks: readonly Task[] | undefined, json: boolean, io: Io): number => {
  if (json) for (const line of tasks ?? sent.taskIds.map((task_id) => ({ task_id }))) io.out(`${JSON.stringify(line)}\n`);
  else io.out(tasks === undefined ? sent.taskIds.map((taskId) => `${taskId}\n`).join('') : totalsText(tasks, sent.refused.length));
  io.err(refusedText(sent.refused) + (tasks ?? []).map(taskErrorsText).join(''));
  return sent.refused.length > 0 || tasks?.some(hasFailures) ? 1 : 0;
};

export const ingestCommand: Command = {
  name: 'ingest',
  summary: 'put files, folders and JSONL into a space',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    if (positionals.length === 0) throw new CliError('cli.usage', `Say what to put in: ${example}`);
    const spaceId = requireFlag('space', values.space, example);
    const { files, refused } = await listFiles(positionals, io.cwd);
    if (files.length + refused.length === 0) throw new CliError('cli.nothing_to_ingest', `There are no files in ${positionals.join(', ')}.`);
    const nexus = await connect(values, io, values.global ? ['writer', 'admin'] : ['writer']);
    const sent: Sent = { taskIds: [], documents: 0, refused };
    const progress = new Progress(io);
    let tasks: Task[] | undefined;
    try {
      await sendFiles(nexus.space(spaceId), files, values.global ? 'global' : undefined, sent, progress);
      if (values.wait) tasks = await waitForAll(nexus, sent, progress);
    } catch (error) {
      progress.clear();
      report(sent, undefined, values.json === true, io);
      throw error;
    }
    progress.clear();
    return report(sent, tasks, values.json === true, io);
  },
};
