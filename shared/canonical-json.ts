/**
 * JSON with keys in code-unit order, so that equal values give equal text whatever order a client wrote its keys in.
 * Expects what `JSON.parse` gives; properties that are `undefined` count as absent.
 */
export const canonicalJson = (value: unknown): string => {
  // A vector is most of a request that has one.
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
};
