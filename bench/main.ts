import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bulkIngest } from './bulk-ingest.ts';
import { edgeAlone } from './edge-alone.ts';
import { embedding } from './embedding.ts';
import { type Figure, markdownTable } from './figures.ts';
import { hazeMap } from './haze-map.ts';
import { overloaded } from './overload.ts';
import { machine, page, type Run } from './page.ts';
import { queryLatency } from './query-latency.ts';
import { recall } from './recall.ts';

export interface BenchOptions {
  /** Smaller collections and fewer rounds: everything within five minutes. */
  quick: boolean;
  /** Folder with `sift5k/` and `glove_twitter_25d/` in fvecs and ivecs; left out: only generated vectors. */
  vectors: string | undefined;
}

const benches: Record<string, (options: BenchOptions) => Promise<Figure[]>> = {
  embedding,
  recall,
  'bulk-ingest': bulkIngest,
  'query-latency': queryLatency,
  overload: overloaded,
  'haze-map': hazeMap,
  'edge-alone': edgeAlone,
};

const usage = `npm run bench -- [--quick] [--only ${Object.keys(benches).join(',')}] [--json FILE] [--doc FILE] [--vectors DIR]`;

const kept = new URL('./kept/', import.meta.url);

/** Runs that take too long for every time, as `--json bench/kept/NAME.json` has written them. */
const keptRuns = (): Run[] =>
  readdirSync(kept)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(new URL(name, kept), 'utf8')) as Run);

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      doc: { type: 'string' },
      vectors: { type: 'string' },
    },
  });
  const names = values.only?.split(',') ?? Object.keys(benches);
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}. ${usage}`);
  const run: Run = { command: `npm run bench -- ${process.argv.slice(2).join(' ')}`, at: new Date().toISOString(), machine: machine(), figures: [] };
  for (const name of names) {
    process.stderr.write(`${name} …\n`);
    run.figures.push(...((await benches[name]?.({ quick: values.quick, vectors: values.vectors })) ?? []));
  }
  process.stdout.write(`${markdownTable(run.figures)}\n`);
  if (values.doc !== undefined) writeFileSync(values.doc, page(run, keptRuns()));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 2)}\n`);
};

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
