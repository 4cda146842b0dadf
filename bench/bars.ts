import { type Figure, median, shown } from './figures.ts';

/** What the design asks for first. The figure is found by how its bench's name begins and by what it says. */
interface Bar {
  bar: string;
  bench: string;
  what: string;
  most?: number;
  least?: number;
  /** Another figure of the same bench that is enough as well. */
  or?: { what: string; most: number };
  /** Where the rest goes, when it is not met. */
  cause: string;
}

const queryCause = 'grant, JSON, admission and the look at the head stand beside an engine that takes few milliseconds';

const bars: readonly Bar[] = [
  ...['vector', 'text', 'hybrid'].map((kind) => ({
    bar: `${kind} query over HTTP at most 30 % over the engine in process`,
    bench: 'query-latency',
    what: `${kind}: HTTP ÷ engine`,
    most: 1.3,
    cause: queryCause,
  })),
  { bar: 'recall@10 ≥ 0.98', bench: 'recall', what: 'recall@10', least: 0.98, cause: 'the index searches too few partitions' },
  {
    bar: 'bulk ingest, 10,000 vectors/s accepted',
    bench: 'bulk-ingest',
    what: 'accepted over HTTP',
    least: 10_000,
    cause: 'parsing and checking 8 KB of JSON a document',
  },
  {
    bar: 'bulk ingest, 10,000 vectors/s published',
    bench: 'bulk-ingest',
    what: 'published over HTTP',
    least: 10_000,
    cause: 'each request is stored durably and read again before it is committed',
  },
  {
    bar: 'accepted → queryable, p50 ≤ 300 ms with nothing else to do',
    bench: 'ingest calm',
    what: 'accepted → queryable, p50',
    most: 300,
    cause: 'a commit syncs its files to disk one after the other',
  },
  {
    bar: 'accepted → queryable, p99 ≤ 2 s under load',
    bench: 'ingest load',
    what: 'accepted → queryable, p99',
    most: 2_000,
    cause: 'commits of many spaces share two cores and one disk',
  },
  {
    bar: 'goodput ≥ 80 % of capacity at ten times the load',
    bench: 'overload',
    what: 'goodput ÷ capacity',
    least: 0.8,
    cause: 'refusals take CPU time of the same process',
  },
  {
    bar: "the light tenant's p99 ≤ 3 × its own, or 100 ms",
    bench: 'overload',
    what: 'light tenant: flood ÷ alone',
    most: 3,
    or: { what: 'light tenant in the flood, p99', most: 100 },
    cause: 'runner and engine share what cores there are',
  },
  {
    bar: 'warm query on an object store, strong: one hop and the work',
    bench: 'warm-store',
    what: 'strong: hops, one behind the other',
    most: 1,
    cause: 'what is shown of so many rows does not fit into memory',
  },
  {
    bar: 'warm query on an object store, eventual: no hop (where it goes)',
    bench: 'warm-store',
    what: 'eventual: hops, one behind the other',
    most: 0,
    cause: 'below 2,000 rows there is no vector index, and vectors are read from the files',
  },
  {
    bar: 'cold query, ≤ 6 hops (where it goes; the first bar is that they are counted)',
    bench: 'cold-start',
    what: 'first answer of a fresh runner: hops, one behind the other',
    most: 6,
    cause: 'two for the head, three to open its version, the rest by the engine, page behind page',
  },
  {
    bar: 'soak: memory flat after warm-up (here: the last third at most 5 % over the middle one)',
    bench: 'soak',
    what: 'resident memory, last ÷ middle third',
    most: 1.05,
    cause: 'most of the growth is mended (docs/decisions/0057 and 0069); bounded memory is still filling (0072)',
  },
  {
    bar: 'soak: no handle leak',
    bench: 'soak',
    what: 'open handles, last ÷ middle third',
    most: 1.05,
    cause: 'files of indexes stay open until their session ends, so the number goes up and down like a saw, and means depend on where the thirds are cut',
  },
  { bar: 'the edge adds at most 1.5 ms', bench: 'edge-alone', what: 'the edge adds, p50', most: 1.5, cause: 'the caller and the runner share its cores' },
];

const named = (figures: readonly Figure[], first: string, what: string): Figure[] =>
  figures.filter((figure) => figure.bench.startsWith(first) && figure.what === what);

const rowsOf = (figures: readonly Figure[], { bar, bench, what, most, least, or, cause }: Bar): string[] => {
  const measured = named(figures, bench, what);
  if (measured.length === 0) return [`| ${bar} | ${bench}: ${what} | | not measured in this run |`];
  return measured.map((figure) => {
    const value = median(figure.rounds);
    const otherwise = or !== undefined && named(figures, bench, or.what).some((other) => other.bench === figure.bench && median(other.rounds) <= or.most);
    const isMet = (value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY)) || otherwise;
    return `| ${bar} | ${figure.bench}: ${what} | ${shown(value)} ${figure.unit} | ${isMet ? 'met' : `not met: ${cause}`} |`;
  });
};

/** Each bar beside every figure that was measured for it. */
export const barsTable = (figures: readonly Figure[]): string =>
  ['| bar | figure | here | |', '|---|---|---|---|', ...bars.flatMap((bar) => rowsOf(figures, bar))].join('\n');
