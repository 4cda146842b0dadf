import { resolve } from 'node:path';
import { CliError, type Command, parseFlags } from '../command.ts';
import { type Evaluation, evaluate, evaluatedModes } from '../eval/evaluate.ts';
import { Progress } from '../ingest/progress.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';

const example = 'nexus eval collections/scifact';

const help = `nexus eval: measure how well a judged collection is found

  ${example}
  nexus eval collections/scifact --json

The folder has BEIR's layout: corpus.jsonl and queries.jsonl ({"_id", "title", "text"} a line) and qrels/test.tsv
(query-id, corpus-id, score). It goes into a space of its own, every judged query is asked in each mode, and the space
is deleted again. nDCG@10, recall@100 and MAP are trec_eval's, over the first 100 documents of each query; p50 is the
time of a query as seen from here.

  --json             {"documents", "queries", "modes": {"text": {"ndcg@10", "recall@100", "map", "p50_ms"}, …}}

${connectionHelp}
`;

const flags = { ...connectionFlags, json: { type: 'boolean' } } as const;

const columns = ['ndcg@10', 'recall@100', 'map'] as const;

const tableText = ({ documents, queries, modes }: Evaluation): string => {
  const rows = evaluatedModes.map((mode) => [mode, ...columns.map((name) => modes[mode][name].toFixed(4)), modes[mode].p50_ms.toFixed(1)]);
  const lines = [['mode', ...columns, 'p50 ms'], ...rows].map(([mode = '', ...cells]) =>
    [mode.padEnd(6), ...cells.map((cell) => cell.padStart(10))].join('  '),
  );
  return `${documents} documents, ${queries} queries\n\n${lines.join('\n')}\n`;
};

/** Nobody else's: the time, and enough chance that two runs do not meet. */
const scratchSpace = (nowMs: number): string => `eval-${nowMs.toString(36)}-${crypto.randomUUID().slice(0, 8)}`;

export const evalCommand: Command = {
  name: 'eval',
  summary: 'measure how well a judged collection is found',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const [folder] = positionals;
    if (folder === undefined || positionals.length > 1) throw new CliError('cli.usage', `Say which folder, and only one: ${example}`);
    const progress = new Progress(io);
    const nexus = await connect(values, io);
    try {
      const evaluation = await evaluate(nexus, resolve(io.cwd, folder), scratchSpace(io.now()), progress, io.sleep);
      progress.clear();
      io.out(values.json ? `${JSON.stringify(evaluation)}\n` : tableText(evaluation));
      return 0;
    } finally {
      progress.clear();
    }
  },
};
