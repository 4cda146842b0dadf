import { readFileSync } from 'node:fs';

/** Random numbers that are the same in every run (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Box and Muller. */
const gaussian = (next: () => number) => (): number => Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next());

const clusters = 400;
/** Embeddings have hundreds of numbers and far fewer directions in which they really differ. */
const directions = 24;
/** How wide a cluster is beside the distances between them: wide enough that neighbours lie in several. */
const width = 0.8;
const noise = 0.02;

/** Vectors that lie in clusters, as embeddings do. */
export const clusteredVectors = (count: number, dimension: number, seed: number): Float32Array[] => {
  const next = seeded(seed);
  const normal = gaussian(next);
  const axes = Array.from({ length: directions }, () => Float32Array.from({ length: dimension }, normal));
  const centres = Array.from({ length: clusters }, () => Float32Array.from({ length: directions }, normal));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(next() * clusters)] as Float32Array;
    const vector = Float32Array.from({ length: dimension }, () => noise * (next() - 0.5));
    axes.forEach((axis, direction) => {
      const along = (centre[direction] ?? 0) + width * normal();
      for (let i = 0; i < dimension; i++) vector[i] = (vector[i] ?? 0) + along * (axis[i] ?? 0);
    });
    return vector;
  });
};

const rowsOf = <T>(path: string, read: (bytes: Buffer, offset: number, length: number) => T): T[] => {
  const bytes = readFileSync(path);
  const rows: T[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const length = bytes.readInt32LE(offset);
    rows.push(read(bytes, offset + 4, length));
    offset += 4 + 4 * length;
  }
  return rows;
};

/** `fvecs`: for each row its length as int32, then that many float32. */
export const readFvecs = (path: string): Float32Array[] =>
  rowsOf(path, (bytes, offset, length) => Float32Array.from({ length }, (_, index) => bytes.readFloatLE(offset + 4 * index)));

/** `ivecs`: the same with int32. */
export const readIvecs = (path: string): number[][] =>
  rowsOf(path, (bytes, offset, length) => Array.from({ length }, (_, index) => bytes.readInt32LE(offset + 4 * index)));
