import { CliError, type Command, parseFlags, printable } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';

const help = `nexus spaces: list the spaces of your context

  nexus spaces
  nexus spaces --json          the API's JSON, one page a line

${connectionHelp}
`;

export const spacesCommand: Command = {
  name: 'spaces',
  summary: 'list spaces',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, { ...connectionFlags, json: { type: 'boolean' } });
    if (positionals.length > 0) throw new CliError('cli.usage', `spaces takes no arguments. To look at one: nexus space ${positionals[0]}`);
    const nexus = await connect(values, io);
    for await (const page of nexus.spaces().pages()) {
      if (values.json) io.out(`${JSON.stringify(page)}\n`);
      else for (const space of page.spaces) io.out(printable(`${space.space_id.padEnd(32)} ${space.scope.padEnd(7)} ${space.created_at}`).concat('\n'));
    }
    return 0;
  },
};
