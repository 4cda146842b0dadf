import { validationFailed } from '../../../shared/errors.ts';
import type { FilterNode, FilterOp, FilterScalar, FilterValue } from '../../../shared/filter.ts';
import type { FieldType } from '../../../shared/http/spaces.ts';
import { parseMicros } from '../../../shared/time.ts';
import { fieldColumn } from './columns.ts';

/**
 * The caller's filter as Lance's SQL. Two-valued: every test says what a missing value does, so that `NOT` is a plain
 * complement. Nothing of the caller stands outside a quoted literal or a back-quoted column of ours.
 */
export const filterToWhere = (filter: FilterNode, fields: Readonly<Record<string, FieldType>>): string => {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      if (filter.nodes.length === 0) return 'true';
      return `(${filter.nodes.map((node) => filterToWhere(node, fields)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return `(NOT ${filterToWhere(filter.node, fields)})`;
    case 'test':
      return testToWhere(filter, fields);
  }
};

type Test = Extract<FilterNode, { kind: 'test' }>;

const reserved: Record<string, { column: string; type: FieldType }> = {
  doc_id: { column: 'doc_id', type: 'string' },
  type: { column: 'type', type: 'string' },
  updated_at: { column: 'seq', type: 'time' },
};

const columnOf = (field: string, fields: Readonly<Record<string, FieldType>>): { column: string; type: FieldType } | undefined => {
  if (Object.hasOwn(reserved, field)) return reserved[field];
  const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
  return type === undefined ? undefined : { column: fieldColumn(field), type };
};

const unsupported = (test: Test, message: string): Error => validationFailed([{ path: `filter.${test.field}`, message }], 'nexus.filter_unsupported');

/** A missing field fails every test but these. */
const holdsWhenMissing = (test: Test): boolean => test.op === 'ne' || test.op === 'nin' || (test.op === 'exists' && test.value === false);

const opsOf: Record<FieldType, readonly FilterOp[]> = {
  string: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'contains', 'contains_any', 'starts_with', 'exists'],
  number: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'exists'],
  time: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'exists'],
  boolean: ['eq', 'ne', 'in', 'nin', 'exists'],
  'string[]': ['contains', 'contains_any', 'exists'],
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const literal = (test: Test, type: FieldType, value: FilterScalar): string => {
  const wrong = () => unsupported(test, `is a ${type} here; ${JSON.stringify(value)} is not`);
  switch (type) {
    case 'number':
      if (typeof value !== 'number') throw wrong();
      return `CAST(${value} AS DOUBLE)`;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong();
      return String(value);
    case 'time': {
      const micros = typeof value === 'string' ? parseMicros(value) : undefined;
      if (micros === undefined) throw unsupported(test, `is a time; ${JSON.stringify(value)} is not RFC 3339 such as "2026-01-31T00:00:00Z"`);
      return `CAST(${micros} AS BIGINT)`;
    }
    default:
      if (typeof value !== 'string') throw wrong();
      if (value.includes('\0') || !value.isWellFormed()) throw unsupported(test, 'must not be compared with text that holds NUL or a lone surrogate');
      return quoted(value);
  }
};

const comparison: Partial<Record<FilterOp, string>> = { eq: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=' };

const listOf = (value: FilterValue): FilterScalar[] => (Array.isArray(value) ? value : [value]);

const condition = (test: Test, name: string, type: FieldType): string => {
  const literals = test.op === 'exists' ? [] : listOf(test.value).map((value) => literal(test, type, value));
  const [first = ''] = literals;
  const any = (each: (one: string) => string): string => (literals.length === 0 ? 'false' : `(${literals.map(each).join(' OR ')})`);
  switch (test.op) {
    case 'in':
      return literals.length === 0 ? 'false' : `${name} IN (${literals.join(', ')})`;
    case 'nin':
      return literals.length === 0 ? 'true' : `${name} NOT IN (${literals.join(', ')})`;
    case 'contains':
    case 'contains_any':
      return type === 'string[]'
        ? literals.length === 0
          ? 'false'
          : `array_has_any(${name}, [${literals.join(', ')}])`
        : any((one) => `contains(${name}, ${one})`);
    case 'starts_with':
      return `starts_with(${name}, ${first})`;
    case 'exists':
      return test.value === true ? 'true' : 'false';
    default:
      return `${name} ${comparison[test.op]} ${first}`;
  }
};

const testToWhere = (test: Test, fields: Readonly<Record<string, FieldType>>): string => {
  const found = columnOf(test.field, fields);
  if (found === undefined) return String(holdsWhenMissing(test));
  const allowed = opsOf[found.type];
  if (!allowed.includes(test.op)) throw unsupported(test, `is a ${found.type}, which ${test.op} does not fit; use one of ${allowed.join(', ')}`);
  const name = `\`${found.column}\``;
  const when = condition(test, name, found.type);
  return holdsWhenMissing(test) ? `(${name} IS NULL OR ${when})` : `(${name} IS NOT NULL AND ${when})`;
};
