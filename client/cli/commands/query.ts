import { parseWith } from '../../../shared/http/parse.ts';
import { type QueryRequest, type QueryResponse, queryRequestSchema } from '../../../shared/http/query.ts';
import { limits } from '../../../shared/limits.ts';
import { CliError, type Command, type Io, parseFlags, requireFlag, wholeNumber } from '../command.ts';
import { hitText } from '../print-hits.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { tellUnknownSpace } from '../space-argument.ts';

const example = 'nexus query "how are cursors signed?" --space docs';

const help = `nexus query: find passages

  ${example}
  nexus query "refund policy" --space docs --filter '{"lang": "en", "year": {"gte": 2024}}'
  nexus query "opening hours" --space docs --global
  nexus query "opening hours" --space docs --all --json | jq -r '.hits[].id'

  --space S          the space to search
  --global           search the shared space of the same name too (include_global)
  --filter JSON      {field: value}, {field: {op: value}}, {and: […]}, {or: […]}, {not: {…}}
  --mode M           hybrid, vector or text; hybrid unless given
  --limit N          hits on a page: 1 to ${limits.maxLimit}; ${limits.defaultLimit} unless given, ${limits.maxLimit} with --all
  --all              every page, up to ${limits.windowHits} hits
  --json             the API's JSON; with --all one page a line

${connectionHelp}
`;

const flags = {
  ...connectionFlags,
  space: { type: 'string' },
  global: { type: 'boolean' },
  filter: { type: 'string' },
  mode: { type: 'string' },
  limit: { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const filterOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('cli.usage', `--filter is not JSON: ${(cause as Error).message}. For example: --filter '{"lang": "en"}'`, { cause });
  }
};

const requestOf = (text: string, values: ReturnType<typeof parseFlags<typeof flags>>['values']): QueryRequest => {
  const limit = wholeNumber('limit', values.limit) ?? (values.all ? limits.maxLimit : undefined);
  return parseWith(queryRequestSchema, {
    query: text,
    ...(values.mode === undefined ? {} : { mode: values.mode }),
    ...(limit === undefined ? {} : { limit }),
    ...(values.filter === undefined ? {} : { filter: filterOf(values.filter) }),
    ...(values.global ? { include_global: true } : {}),
  });
};

/** @returns how many hits there were */
const print = async (
  pages: AsyncIterable<QueryResponse>,
  { json, all }: { json?: boolean | undefined; all?: boolean | undefined },
  io: Io,
): Promise<number> => {
  let rank = 0;
  for await (const page of pages) {
    if (json) io.out(`${JSON.stringify(page)}\n`);
    else for (const [index, hit] of page.hits.entries()) io.out(hitText(hit, rank + index + 1));
    rank += page.hits.length;
    if (all) continue;
    if (!json && io.interactive && page.next_cursor !== null) io.err('There is more: --limit N, or --all.\n');
    break;
  }
  if (!json && rank === 0) io.err('Nothing found.\n');
  return rank;
};

export const queryCommand: Command = {
  name: 'query',
  summary: 'find passages',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    if (positionals.length === 0) throw new CliError('cli.usage', `Say what to look for: ${example}`);
    const spaceId = requireFlag('space', values.space, example);
    const request = requestOf(positionals.join(' '), values);
    const nexus = await connect(values, io);
    if ((await print(nexus.space(spaceId).pages(request), values, io)) === 0) await tellUnknownSpace(nexus, spaceId, io);
    return 0;
  },
};
