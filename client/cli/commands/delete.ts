import { limits } from '../../../shared/limits.ts';
import { CliError, type Command, parseFlags } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { hasFailures, taskErrorsText } from './task.ts';

const help = `nexus delete: delete documents, or a whole space

  nexus delete faq --doc returns          one document; --doc may be given several times
  nexus delete faq                        the space: its documents, files and settings

It waits until they are gone.

${connectionHelp}
`;

const flags = { ...connectionFlags, json: { type: 'boolean' }, doc: { type: 'string', multiple: true } } as const;

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'delete documents, or a whole space',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const [spaceId, ...rest] = positionals;
    if (spaceId === undefined || rest.length > 0) throw new CliError('cli.usage', 'Name one space: nexus delete faq --doc returns');
    const nexus = await connect(values, io);
    const space = nexus.space(spaceId);
    const { task_id } = values.doc === undefined ? await space.delete() : await space.documents.deleteMany({ doc_ids: values.doc });
    const task = await nexus.waitForTask(task_id, { timeoutMs: limits.cliTaskWaitMs });
    if (values.json) io.out(`${JSON.stringify(task)}\n`);
    else io.out(values.doc === undefined ? `space ${spaceId} deleted\n` : `${task.counts.written} documents deleted\n`);
    io.err(taskErrorsText(task));
    return hasFailures(task) ? 1 : 0;
  },
};
