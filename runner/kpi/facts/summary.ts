import type { Fact, Subject } from './fact.ts';
import { extremesOf } from './levels.ts';
import { measure, present, titleOf } from './words.ts';

/** The latest state in one document: the newest period, its trend, and what last happened. */
export const summaryFact = (subject: Subject, facts: readonly Fact[]): Fact | undefined => {
  const { definition, calendar, levels } = subject;
  const [finest] = levels;
  const newest = finest?.buckets.at(-1);
  if (finest === undefined || newest === undefined) return undefined;
  const at = (kind: Fact['kind']): Fact | undefined =>
    facts.findLast((fact) => fact.kind === kind && fact.period.startMs === newest.startMs && fact.period.grain === newest.grain);
  const lastOf = (kind: Fact['kind']): Fact | undefined => facts.findLast((fact) => fact.kind === kind);
  const level = at('level');
  if (level === undefined) return undefined;
  const trend = at('trend');
  const [anomaly, change] = [lastOf('anomaly'), lastOf('change_point')];
  const extremes = extremesOf(finest.buckets.filter(({ isComplete }) => isComplete));
  const sentences = [`Latest state of ${titleOf(subject)}, how it is doing now: ${level.text}`];
  if (trend !== undefined) sentences.push(trend.text);
  if (extremes !== undefined) {
    const told = ({ value, ...period }: typeof extremes.highest) => `${measure(definition, value)} ${calendar.phrase(period)}`;
    sentences.push(`Its highest ${finest.grain} so far was ${told(extremes.highest)}, its lowest ${told(extremes.lowest)}.`);
  }
  if (anomaly !== undefined) sentences.push(`Its last anomaly was ${calendar.phrase(anomaly.period)}.`);
  if (change !== undefined) sentences.push(`Its level last changed ${calendar.phrase(change.period)}.`);
  return {
    kind: 'summary',
    period: newest,
    text: sentences.join(' '),
    figures: {
      ...present({ slope: trend?.figures.slope, periods: trend?.figures.periods, probability: trend?.figures.probability }),
      ...level.figures,
      ...(extremes === undefined
        ? {}
        : {
            highest_value: extremes.highest.value,
            highest_period: calendar.key(extremes.highest),
            lowest_value: extremes.lowest.value,
            lowest_period: calendar.key(extremes.lowest),
          }),
      ...(anomaly === undefined ? {} : { last_anomaly: calendar.key(anomaly.period) }),
      ...(change === undefined ? {} : { last_change_point: calendar.key(change.period) }),
    },
  };
};
