import type { SpaceDescription } from '../../../shared/http/spaces.ts';
import { limits } from '../../../shared/limits.ts';
import { CliError, type Command, type Io, parseFlags } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { spaceFlag, spaceOf, unknownSpace } from '../space-argument.ts';
import { hasFailures, taskErrorsText } from './task.ts';

const help = `nexus delete: delete documents, or a whole space

  nexus delete faq --doc returns          one document; --doc may be given several times
  nexus delete faq                        the space: its documents, files and settings
  nexus delete faq --yes                  the same, not asked about on a terminal

It waits until they are gone. A space that does not exist is an error.

${connectionHelp}
`;

const flags = {
  ...connectionFlags,
  ...spaceFlag,
  json: { type: 'boolean' },
  doc: { type: 'string', multiple: true },
  yes: { type: 'boolean', short: 'y' },
} as const;

/** @throws CliError when whoever sits there does not want it */
const confirm = async ({ space_id, documents, chunks }: SpaceDescription, io: Io): Promise<void> => {
  const answer = await io.ask?.(`Delete the space ${space_id} with ${documents} documents (${chunks} chunks), its files and settings? [y/N] `);
  if (answer !== undefined && !/^y(es)?$/i.test(answer.trim())) throw new CliError('cli.not_confirmed', 'Nothing was deleted.');
};

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'delete documents, or a whole space',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const spaceId = spaceOf(values.space, positionals, 'nexus delete faq --doc returns');
    const nexus = await connect(values, io);
    const space = nexus.space(spaceId);
    const description = await space.describe();
    const unknown = unknownSpace(description);
    if (unknown !== undefined) throw new CliError('cli.no_space', unknown);
    if (values.doc === undefined && !values.yes) await confirm(description, io);
    const { task_id } = values.doc === undefined ? await space.delete() : await space.documents.deleteMany({ doc_ids: values.doc });
    const task = await nexus.waitForTask(task_id, { timeoutMs: limits.cliTaskWaitMs });
    if (values.json) io.out(`${JSON.stringify(task)}\n`);
    else io.out(values.doc === undefined ? `space ${spaceId} deleted\n` : `${task.counts.written} documents deleted\n`);
    io.err(taskErrorsText(task));
    return hasFailures(task) ? 1 : 0;
  },
};
