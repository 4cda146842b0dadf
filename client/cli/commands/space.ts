import type { SpaceDescription } from '../../../shared/http/spaces.ts';
import { type Command, parseFlags, printable } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { spaceFlag, spaceOf, unknownSpace } from '../space-argument.ts';

const help = `nexus space: describe one space

  nexus space docs
  nexus space docs --json          the API's JSON

A space that does not exist reads as an empty one, and is told of on standard error.

${connectionHelp}
`;

const listed = (entries: readonly string[]): string => (entries.length === 0 ? '-' : entries.join(', '));

const indexText = ({ column, kind, rows, unindexed_rows }: SpaceDescription['indexes'][number]): string =>
  rows === 0 ? `${column} ${kind} (empty: all ${unindexed_rows} rows are read)` : `${column} ${kind} (${unindexed_rows} rows to come)`;

const rowsOf = (space: SpaceDescription): [string, unknown][] => [
  ['space', `${space.space_id} (${space.scope})`],
  ['documents', space.documents],
  ['chunks', space.chunks],
  ['bytes', space.bytes],
  ['model', space.embedding_model],
  ['dimension', space.dimension],
  ['metric', space.metric],
  ['language', space.language],
  ['fields', listed(Object.entries(space.fields).map(([name, type]) => `${name}: ${type}`))],
  ['indexes', listed(space.indexes.map(indexText))],
  ['version', space.version],
  ['created', space.created_at],
  ['updated', space.updated_at],
];

export const spaceCommand: Command = {
  name: 'space',
  summary: 'describe one space',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, { ...connectionFlags, ...spaceFlag, json: { type: 'boolean' } });
    const spaceId = spaceOf(values.space, positionals, 'nexus space docs');
    const description = await (await connect(values, io)).space(spaceId).describe();
    if (values.json) io.out(`${JSON.stringify(description)}\n`);
    else for (const [name, value] of rowsOf(description)) io.out(printable(`${name.padEnd(10)} ${value ?? '-'}`).concat('\n'));
    const unknown = unknownSpace(description);
    if (unknown !== undefined) io.err(`${unknown}\n`);
    return 0;
  },
};
