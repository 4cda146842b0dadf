/** Indices of the points nearest to a place, the nearest first, among those that are wanted. One pass, whatever the number of points. */
export const nearOnMap = (
  places: Float32Array,
  { x, y, z }: { x: number; y: number; z: number },
  count: number,
  isWanted: (index: number) => boolean,
): number[] => {
  const near: { index: number; square: number }[] = [];
  for (let index = 0; index < places.length / 3; index++) {
    const square = ((places[index * 3] ?? 0) - x) ** 2 + ((places[index * 3 + 1] ?? 0) - y) ** 2 + ((places[index * 3 + 2] ?? 0) - z) ** 2;
    const last = near.at(-1);
    if ((near.length === count && last !== undefined && square >= last.square) || !isWanted(index)) continue;
    const at = near.findIndex((other) => square < other.square);
    near.splice(at === -1 ? near.length : at, 0, { index, square });
    if (near.length > count) near.pop();
  }
  return near.map(({ index }) => index);
};
