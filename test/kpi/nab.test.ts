import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MetricDefinition } from '../../runner/kpi/facts/fact.ts';
import { type FactDocument, factsOf } from '../../runner/kpi/generate.ts';
import { seriesOf } from '../../runner/kpi/series.ts';

/** Two series of the Numenta Anomaly Benchmark (MIT, test/kpi/nab/LICENSE.txt) with its labelled windows. All eight: docs/kpi.md. */

const read = (name: string): string => readFileSync(new URL(`./nab/${name}`, import.meta.url), 'utf8');
const windows = JSON.parse(read('windows.json')) as Record<string, [string, string][]>;
const msOf = (text: string): number => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);

const factsOfFile = (name: string, grain: 'hour' | 'day'): { facts: FactDocument[]; measurements: number } => {
  const rows = read(name)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',') as [string, string]);
  const series = seriesOf(
    rows.map(([at]) => msOf(at) * 1000),
    rows.map(([, value]) => Number(value)),
  );
  const definition: MetricDefinition = { metric: 'cost', title: null, unit: 'USD', good: 'down', grain, timezone: 'UTC', aggregate: 'mean' };
  const work = factsOf(definition, {}, series);
  for (;;) {
    const step = work.next();
    if (step.done) return { facts: step.value, measurements: rows.length };
  }
};

describe.each(Object.keys(windows))('%s', (name) => {
  test.each(['day', 'hour'] as const)('in facts by the %s: most windows hold an anomaly or change point, and few of these lie outside', (grain) => {
    const { facts, measurements } = factsOfFile(name, grain);
    const warnings = facts.filter(({ metadata }) => metadata.kind === 'anomaly' || metadata.kind === 'change_point');
    const labelled = (windows[name] ?? []).map(([from, to]) => [msOf(from), msOf(to)] as const);
    const isIn = ([from, to]: readonly [number, number], { metadata }: FactDocument): boolean =>
      Date.parse(String(metadata.period_start)) < to && Date.parse(String(metadata.period_end)) > from;
    const found = labelled.filter((window) => warnings.some((fact) => isIn(window, fact)));
    const outside = warnings.filter((fact) => !labelled.some((window) => isIn(window, fact)));
    expect(found.length / labelled.length).toBeGreaterThanOrEqual(0.7);
    expect(outside.length).toBeLessThanOrEqual(measurements / 500);
  });
});
