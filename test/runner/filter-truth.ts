import type { FilterNode, FilterScalar } from '../../shared/filter.ts';
import type { FieldType } from '../../shared/http/spaces.ts';
import { parseMicros } from '../../shared/time.ts';

/** What a row says of a field; times as Unix microseconds. */
export type Told = string | number | boolean | readonly string[];
export type Row = Readonly<Record<string, Told | null | undefined>>;
export type Types = Readonly<Record<string, FieldType>>;

/** Order of strings by code points, which is not JavaScript's own by UTF-16 units. */
export const compareCodePoints = (a: string, b: string): number => {
  const [left, right] = [Array.from(a, (char) => char.codePointAt(0) ?? 0), Array.from(b, (char) => char.codePointAt(0) ?? 0)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) return (left[i] ?? 0) - (right[i] ?? 0);
  return left.length - right.length;
};

const compare = (a: Told, b: FilterScalar): number =>
  typeof a === 'string' && typeof b === 'string' ? compareCodePoints(a, b) : typeof a === 'number' && typeof b === 'number' ? a - b : a === b ? 0 : 1;

/** The contract's truth table, written down once more and evaluated in plain JavaScript. Two-valued: a missing field has its own answer. */
export const holds = (filter: FilterNode, row: Row, types: Types): boolean => {
  switch (filter.kind) {
    case 'and':
      return filter.nodes.every((node) => holds(node, row, types));
    case 'or':
      return filter.nodes.some((node) => holds(node, row, types));
    case 'not':
      return !holds(filter.node, row, types);
    case 'test':
      return testHolds(filter, row, types);
  }
};

const testHolds = ({ field, op, value }: Extract<FilterNode, { kind: 'test' }>, row: Row, types: Types): boolean => {
  const told = Object.hasOwn(types, field) && Object.hasOwn(row, field) ? (row[field] ?? undefined) : undefined;
  if (told === undefined) return op === 'ne' || op === 'nin' || (op === 'exists' && value === false);
  const literal = (one: FilterScalar): FilterScalar => (types[field] === 'time' ? (parseMicros(String(one)) ?? Number.NaN) : one);
  const literals = (Array.isArray(value) ? value : [value]).map(literal);
  const [first = ''] = literals;
  const contains = (one: FilterScalar): boolean => (typeof told === 'string' ? told.includes(String(one)) : Array.isArray(told) && told.includes(String(one)));
  switch (op) {
    case 'exists':
      return value === true;
    case 'eq':
      return compare(told, first) === 0;
    case 'ne':
      return compare(told, first) !== 0;
    case 'gt':
      return compare(told, first) > 0;
    case 'gte':
      return compare(told, first) >= 0;
    case 'lt':
      return compare(told, first) < 0;
    case 'lte':
      return compare(told, first) <= 0;
    case 'in':
      return literals.some((one) => compare(told, one) === 0);
    case 'nin':
      return literals.every((one) => compare(told, one) !== 0);
    case 'contains':
    case 'contains_any':
      return literals.some(contains);
    case 'starts_with':
      return String(told).startsWith(String(first));
  }
};
