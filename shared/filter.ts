import { type Issue, validationFailed } from './errors.ts';
import { limits } from './limits.ts';

/** The caller's filter as a tree (contract section 4, "Filter"). The runner compiles it; nothing of it is text that an engine reads. */
export type FilterNode =
  | { kind: 'and' | 'or'; nodes: FilterNode[] }
  | { kind: 'not'; node: FilterNode }
  | { kind: 'test'; field: string; op: FilterOp; value: FilterValue };

export type FilterScalar = string | number | boolean;
export type FilterValue = FilterScalar | FilterScalar[];

export const filterOps = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'contains', 'contains_any', 'exists', 'starts_with'] as const;
export type FilterOp = (typeof filterOps)[number];

/** Fields of a document that are not metadata and can be filtered by. */
export const reservedFields = ['doc_id', 'type', 'updated_at'] as const;
export const combinators = ['and', 'or', 'not'] as const;

const fieldPattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** What a metadata key may be: a field name that is neither reserved nor a combinator, nor JavaScript's own `__proto__`. */
export const isMetadataKey = (key: string): boolean =>
  fieldPattern.test(key) && key !== '__proto__' && !(reservedFields as readonly string[]).includes(key) && !(combinators as readonly string[]).includes(key);

const isScalar = (value: unknown): value is FilterScalar =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);
const takesList: ReadonlySet<FilterOp> = new Set(['in', 'nin', 'contains_any']);

/** Stands for what could not be parsed: there is an issue about it, so it is never used. */
const nothing: FilterNode = { kind: 'and', nodes: [] };

class Parser {
  readonly issues: Issue[] = [];
  private nodes = 0;

  parse(value: unknown, path: string, depth: number): FilterNode {
    if (depth > limits.filterDepth) return this.fail(path, `is nested deeper than ${limits.filterDepth}`);
    if (!isObject(value)) return this.fail(path, 'must be an object such as {"field": value}');
    const entries = Object.entries(value);
    // An empty filter holds for everything, and is a part of the tree all the same: thousands of them are too many, too.
    if (entries.length === 0 && !this.count(path)) return nothing;
    const nodes = entries.map(([key, member]) => this.entry(key, member, `${path}.${key}`, depth));
    const [only] = nodes;
    return nodes.length === 1 && only !== undefined ? only : { kind: 'and', nodes };
  }

  private entry(key: string, member: unknown, path: string, depth: number): FilterNode {
    if (!this.count(path)) return nothing;
    if (key === 'and' || key === 'or') {
      if (!Array.isArray(member) || member.length === 0) return this.fail(path, 'must be a list of at least one filter');
      return { kind: key, nodes: member.map((item, index) => this.parse(item, `${path}.${index}`, depth + 1)) };
    }
    if (key === 'not') return { kind: 'not', node: this.parse(member, path, depth + 1) };
    if (!(reservedFields as readonly string[]).includes(key) && !isMetadataKey(key)) return this.fail(path, 'is not a possible field name');
    if (!isObject(member)) return this.test(key, 'eq', member, path);
    const tests = Object.entries(member).map(([op, operand]) => this.operator(key, op, operand, `${path}.${op}`));
    const [only] = tests;
    if (only === undefined) return this.fail(path, 'needs an operator');
    return tests.length === 1 ? only : { kind: 'and', nodes: tests };
  }

  private operator(field: string, op: string, operand: unknown, path: string): FilterNode {
    if (!this.count(path)) return nothing;
    const known = filterOps.find((name) => name === op);
    if (known === undefined) return this.fail(path, `is not an operator; use one of ${filterOps.join(', ')}`);
    return this.test(field, known, operand, path);
  }

  private test(field: string, op: FilterOp, value: unknown, path: string): FilterNode {
    if (value === null) return this.fail(path, 'cannot be null; use {"exists": false} for a missing field');
    if (op === 'exists') return typeof value === 'boolean' ? { kind: 'test', field, op, value } : this.fail(path, 'must be true or false');
    if (takesList.has(op)) {
      if (!Array.isArray(value) || !value.every(isScalar)) return this.fail(path, 'must be a list of strings, numbers or booleans');
      if (value.length > limits.filterListItems) return this.fail(path, `has more than ${limits.filterListItems} values`);
      return { kind: 'test', field, op, value };
    }
    if (!isScalar(value)) return this.fail(path, 'must be a string, number or boolean');
    return { kind: 'test', field, op, value };
  }

  /** @returns false when there are too many */
  private count(path: string): boolean {
    this.nodes += 1;
    if (this.nodes === limits.filterNodes + 1) this.fail(path, `has more than ${limits.filterNodes} conditions`);
    return this.nodes <= limits.filterNodes;
  }

  private fail(path: string, message: string): FilterNode {
    if (this.issues.length < limits.issues) this.issues.push({ path, message });
    return nothing;
  }
}

/**
 * Parses a filter from JSON. Types of literals are judged later, against the space's fields.
 * @throws NexusError 422 `nexus.filter_unsupported`
 */
export const parseFilter = (value: unknown): FilterNode => {
  const parser = new Parser();
  const node = parser.parse(value, 'filter', 1);
  if (parser.issues.length > 0) throw validationFailed(parser.issues, 'nexus.filter_unsupported');
  return node;
};
