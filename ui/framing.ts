/** A sphere that holds what is worth seeing. */
export interface Frame {
  x: number;
  y: number;
  z: number;
  radius: number;
}

/** Points looked at: the first ones are a fair sample. */
const sampled = 2000;
/** A few points far out would make all others small: so much of the map lies within the frame. */
const shownShare = 0.95;
const smallestRadius = 0.05;

const quantile = (sorted: Float32Array, share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 0;

/** What to look at so that a map fills the picture. @param places x, y, z of each point, a fair sample first */
export const frameOf = (places: Float32Array): Frame => {
  const count = Math.min(sampled, places.length / 3);
  const along = (axis: number): number => {
    const sorted = Float32Array.from({ length: count }, (_, index) => places[index * 3 + axis] ?? 0).sort();
    return (quantile(sorted, 1 - shownShare) + quantile(sorted, shownShare)) / 2;
  };
  const [x, y, z] = [along(0), along(1), along(2)];
  const away = Float32Array.from({ length: count }, (_, index) =>
    Math.hypot((places[index * 3] ?? 0) - x, (places[index * 3 + 1] ?? 0) - y, (places[index * 3 + 2] ?? 0) - z),
  ).sort();
  return { x, y, z, radius: Math.max(smallestRadius, quantile(away, shownShare)) };
};
