import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bulkIngest } from './bulk-ingest.ts';
import { embedding } from './embedding.ts';
import { type Figure, markdownTable } from './figures.ts';
import { hazeMap } from './haze-map.ts';
import { overloaded } from './overload.ts';
import { machine, page } from './page.ts';
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
};

const usage = `npm run bench -- [--quick] [--only ${Object.keys(benches).join(',')}] [--json FILE] [--doc FILE] [--vectors DIR]`;

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
  const on = machine();
  const figures: Figure[] = [];
  for (const name of names) {
    process.stderr.write(`${name} …\n`);
    figures.push(...((await benches[name]?.({ quick: values.quick, vectors: values.vectors })) ?? []));
  }
  process.stdout.write(`${markdownTable(figures)}\n`);
  if (values.doc !== undefined) writeFileSync(values.doc, page(figures, `npm run bench -- ${process.argv.slice(2).join(' ')}`, on, new Date()));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
};

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
