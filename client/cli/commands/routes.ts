import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseJson, parseWith } from '../../../shared/http/parse.ts';
import { type Registry, type Route, registrySchema } from '../../../shared/routes.ts';
import { CliError, type Command, parseFlags } from '../command.ts';

const help = `nexus routes: look over a routing registry before it is used

  nexus routes check routes.json      every problem and where it is, or the routes that it holds
`;

const routeLine = ({ kind, id, match, root }: Route): string =>
  `${kind.padEnd(16)} ${id.padEnd(24)} ${match.tenant_id}/${match.env}/${match.project_id}/${match.surface_id} -> ${root}\n`;

const readRegistry = async (path: string): Promise<Registry> => {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new CliError('cli.unreadable', `Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  return parseWith(registrySchema, parseJson(bytes));
};

export const routesCommand: Command = {
  name: 'routes',
  summary: 'check a routing registry',
  help,
  run: async (argv, io) => {
    const [verb, file, ...rest] = parseFlags(argv, {}).positionals;
    if (verb !== 'check' || file === undefined || rest.length > 0) throw new CliError('cli.usage', 'Say which file: nexus routes check routes.json');
    const { routes } = await readRegistry(resolve(io.cwd, file));
    io.out(routes.map(routeLine).join(''));
    return 0;
  },
};
