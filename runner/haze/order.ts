/**
 * Place of a passage among all, by its id alone: FNV-1a (Fowler, Noll, Vo), mixed as MurmurHash3 ends. Sorted by it,
 * every beginning is a fair sample, the same at every run, and hardly another when a few passages come or go.
 */
export const orderOf = (id: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
