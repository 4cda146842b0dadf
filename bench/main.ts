import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bulkIngest } from './bulk-ingest.ts';
import { besideChroma } from './chroma.ts';
import { coldStart } from './cold-start.ts';
import { edgeAlone } from './edge-alone.ts';
import { embedding } from './embedding.ts';
import { type Figure, markdownTable } from './figures.ts';
import { hazeMap } from './haze-map.ts';
import { hazeQuality } from './haze-quality.ts';
import { hazeView } from './haze-view.ts';
import { smallIngest } from './ingest.ts';
import { overloaded } from './overload.ts';
import { type KeptRun, machine, page, type Run } from './page.ts';
import { queryLatency } from './query-latency.ts';
import { recall } from './recall.ts';
import { soak } from './soak.ts';
import { tenants } from './tenants.ts';
import { warmStore } from './warm-store.ts';

export interface BenchOptions {
  /** Smaller collections and fewer rounds: everything within five minutes. */
  quick: boolean;
  /** Folder with `sift5k/` and `glove_twitter_25d/` in fvecs and ivecs; left out: only generated vectors. */
  vectors: string | undefined;
  /** Rows of the collection, where a bench has one size. */
  rows: number | undefined;
  /** Folder with `corpus.jsonl`, in BEIR layout. */
  collection: string | undefined;
  /** How many spaces, each of a tenant of its own. */
  tenants: number | undefined;
  /** How long the soak lasts, and its requests a second. */
  minutes: number | undefined;
  rate: number | undefined;
  /** Where the soak draws memory over time, as SVG. */
  picture: string | undefined;
}

type Bench = (options: BenchOptions) => Promise<Figure[]>;

const benches: Record<string, Bench> = {
  embedding,
  recall,
  'bulk-ingest': bulkIngest,
  ingest: smallIngest,
  'query-latency': queryLatency,
  overload: overloaded,
  'haze-map': hazeMap,
  'edge-alone': edgeAlone,
  'cold-start': coldStart,
  'warm-store': warmStore,
  chroma: besideChroma,
  tenants,
};
/** Only when they are named. */
const named: Record<string, Bench> = { soak, 'haze-view': hazeView, 'haze-quality': hazeQuality };
const all = { ...benches, ...named };

const usage = `npm run bench -- [--quick] [--only ${Object.keys(all).join(',')}] [--json FILE] [--doc FILE]
  [--vectors DIR] [--collection DIR] [--rows N] [--tenants N] [--minutes N] [--rate N] [--picture FILE]`;

/** @throws Error that says how it is called */
const numberOf = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`--${name} takes a number over 0. ${usage}`);
  return value;
};

const kept = new URL('./kept/', import.meta.url);

/** Runs that take too long for every time, as `--json bench/kept/NAME.json` has written them, with the picture beside it. */
const keptRuns = (): KeptRun[] => {
  const files = readdirSync(kept).toSorted();
  const names = files.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  return names.map((name) => ({
    run: JSON.parse(readFileSync(new URL(`${name}.json`, kept), 'utf8')) as Run,
    ...(files.includes(`${name}.svg`) ? { picture: `../bench/kept/${name}.svg` } : {}),
  }));
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      doc: { type: 'string' },
      vectors: { type: 'string' },
      rows: { type: 'string' },
      collection: { type: 'string' },
      tenants: { type: 'string' },
      minutes: { type: 'string' },
      rate: { type: 'string' },
      picture: { type: 'string' },
    },
  });
  const { quick, vectors, collection, picture } = values;
  const options: BenchOptions = {
    quick,
    vectors,
    collection,
    picture,
    rows: numberOf('rows', values.rows),
    tenants: numberOf('tenants', values.tenants),
    minutes: numberOf('minutes', values.minutes),
    rate: numberOf('rate', values.rate),
  };
  const names = values.only?.split(',') ?? Object.keys(benches);
  const unknown = names.filter((name) => !Object.hasOwn(all, name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}. ${usage}`);
  const run: Run = {
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    at: new Date().toISOString(),
    machine: machine(),
    figures: [],
    failed: [],
  };
  for (const name of names) {
    process.stderr.write(`${name} …\n`);
    try {
      run.figures.push(...((await all[name]?.(options)) ?? []));
    } catch (error) {
      // The others' figures are not lost with it, and neither the page nor the exit code hides it.
      run.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${markdownTable(run.figures)}\n`);
  for (const failure of run.failed) process.stderr.write(`failed: ${failure}\n`);
  if (values.doc !== undefined) writeFileSync(values.doc, page(run, keptRuns()));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 2)}\n`);
};

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
