/** `NEXUS_TEST_SCALE` times as many histories, kills, walks and generated cases as `npm test` does; 1 when it is not set. */
const scale = Number(process.env.NEXUS_TEST_SCALE ?? 1);
if (!Number.isFinite(scale) || scale <= 0) throw new Error('NEXUS_TEST_SCALE must be a positive number');

/** @param ordinary how many in `npm test` */
export const scaled = (ordinary: number): number => Math.max(1, Math.round(ordinary * scale));

/** How many generated cases a property is tried with. */
export const runs = (ordinary: number): { numRuns: number } => ({ numRuns: scaled(ordinary) });

/** The scale of `npm run verify:long`. */
const longScale = 50;

/** Grows evenly from `ordinary` in `npm test` to `long` in `npm run verify:long`. */
export const scaledTo = (ordinary: number, long: number): number => Math.max(1, Math.round(ordinary + ((long - ordinary) * (scale - 1)) / (longScale - 1)));
