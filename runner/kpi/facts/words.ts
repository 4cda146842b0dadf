import type { KpiAggregate } from '../../../shared/http/kpi.ts';
import type { Period } from '../calendar.ts';
import type { MetricDefinition, Subject } from './fact.ts';

/** A number as people write it, to six digits; whole numbers in full. */
export const figure = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6))));

/** A value with its unit. */
export const measure = ({ unit }: MetricDefinition, value: number): string => {
  if (unit === null) return figure(value);
  return unit === '%' ? `${figure(value)}%` : `${figure(value)} ${unit}`;
};

export const percent = (value: number): string => `${Math.abs(Number(value.toFixed(1)))}%`;

/** What sentences call the series: "Cost per click (exchange 2)". */
export const titleOf = ({ definition: { title, metric }, dimensions }: Subject): string => {
  const names = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  const base = title ?? metric.replaceAll('_', ' ');
  return names.length === 0 ? base : `${base} (${names.map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ')})`;
};

/** What a period's value is of its measurements, as a verb and what follows the value. */
const statements: Record<KpiAggregate, { verb: string; tail: string }> = {
  mean: { verb: 'averaged', tail: '' },
  sum: { verb: 'came to', tail: ' in total' },
  last: { verb: 'ended at', tail: '' },
  max: { verb: 'peaked at', tail: '' },
};

/** "averaged 0.09 USD" */
export const stated = (definition: MetricDefinition, value: number): string => {
  const { verb, tail } = statements[definition.aggregate];
  return `${verb} ${measure(definition, value)}${tail}`;
};

/** "on Tuesday 5 July 2011 (UTC)" */
export const when = ({ calendar }: Subject, period: Period): string => `${calendar.phrase(period)} (${calendar.timeZone})`;

/** Change in per cent of what it was, sign included; undefined from zero, where there is no such number. */
export const changePct = (value: number, before: number): number | undefined => (before === 0 ? undefined : (100 * (value - before)) / Math.abs(before));

/** "up 12.3% from 0.08 USD"; per cent are given in points too, and from zero there are only amounts. */
export const changeText = (definition: MetricDefinition, value: number, before: number): string => {
  if (value === before) return `unchanged from ${measure(definition, before)}`;
  const way = value > before ? 'up' : 'down';
  const pct = changePct(value, before);
  const amount = Math.abs(value - before);
  if (pct === undefined) return `${way} by ${measure(definition, amount)} from ${measure(definition, before)}`;
  const points = definition.unit === '%' ? `${figure(amount)} percentage points (${percent(pct)} of its value)` : percent(pct);
  return `${way} ${points} from ${measure(definition, before)}`;
};

export const directionOf = (difference: number): 'up' | 'down' | 'flat' => (difference > 0 ? 'up' : difference < 0 ? 'down' : 'flat');

/** Whether a move is good; undefined when it is none, or nobody said what good is. */
export const isGoodMove = ({ good }: MetricDefinition, difference: number): boolean | undefined =>
  good === null || difference === 0 ? undefined : (good === 'up') === difference > 0;

/** ", which is good" */
export const judged = (definition: MetricDefinition, difference: number): string => {
  const good = isGoodMove(definition, difference);
  return good === undefined ? '' : `, which is ${good ? 'good' : 'bad'}`;
};

/** Figures without those that there are not. */
export const present = <T extends object>(figures: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)) as never;
