import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { CliError, type Command, type Io } from './command.ts';
import { completionCommand } from './commands/completion.ts';
import { deleteCommand } from './commands/delete.ts';
import { docsCommand } from './commands/docs.ts';
import { evalCommand } from './commands/eval.ts';
import { ingestCommand } from './commands/ingest.ts';
import { keysCommand } from './commands/keys.ts';
import { kpiCommand } from './commands/kpi.ts';
import { queryCommand } from './commands/query.ts';
import { routesCommand } from './commands/routes.ts';
import { spaceCommand } from './commands/space.ts';
import { spacesCommand } from './commands/spaces.ts';
import { taskCommand } from './commands/task.ts';
import { tokenCommand } from './commands/token.ts';
import { errorText } from './errors.ts';

const working: readonly Command[] = [
  ingestCommand,
  queryCommand,
  taskCommand,
  spacesCommand,
  spaceCommand,
  docsCommand,
  deleteCommand,
  kpiCommand,
  evalCommand,
  tokenCommand,
  keysCommand,
  routesCommand,
];
const commands: readonly Command[] = [...working, completionCommand(working)];

const programHelp = `nexus: put documents in, get the right passages back

With the local stack running (npm start), nothing else is needed:
  npx nexus ingest README.md docs/ --space docs --wait
  npx nexus query "how are cursors signed?" --space docs

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}`).join('\n')}

  nexus COMMAND --help   flags and examples of one command
  nexus --version
`;

const versionText = async (): Promise<string> => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return `${version}\n`;
};

const asksForHelp = (argv: readonly string[]): boolean => {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  return flags.includes('--help') || flags.includes('-h');
};

const commandNamed = (name: string): Command => {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  if (name.startsWith('-')) throw new CliError('cli.usage', `Begin with a command; ${name} comes after it. See nexus --help.`);
  throw new CliError('cli.unknown_command', `There is no command ${name}. Commands: ${commands.map((known) => known.name).join(', ')}.`);
};

const dispatch = async ([name, ...rest]: string[], io: Io): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h') {
    io.out(programHelp);
    return 0;
  }
  if (name === '--version' || name === '-v') {
    io.out(await versionText());
    return 0;
  }
  const command = commandNamed(name);
  if (!asksForHelp(rest)) return command.run(rest, io);
  io.out(command.help);
  return 0;
};

/** One run of the program. @returns the exit code: 0, or 1 with `code: message` on standard error */
export const run = async (argv: string[], io: Io): Promise<number> => {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    io.err(errorText(error));
    return 1;
  }
};

const askOnTerminal = async (question: string): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
};

/** The program in its process. */
export const main = async (): Promise<void> => {
  // A reader that has seen enough (`| head`) closes the pipe: no failure, and nothing to say.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.exitCode = await run(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    ...(process.stdin.isTTY === true && process.stderr.isTTY === true ? { ask: askOnTerminal } : {}),
    fetch,
    now: Date.now,
  });
};
