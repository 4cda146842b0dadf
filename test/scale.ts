const scale = Number(process.env.NEXUS_TEST_SCALE ?? 1);
if (!Number.isFinite(scale) || scale <= 0) throw new Error('NEXUS_TEST_SCALE must be a positive number');

/** How many of something a test does: few in ordinary runs, times `NEXUS_TEST_SCALE` in long ones. */
export const scaled = (ordinary: number): number => Math.max(1, Math.round(ordinary * scale));

/** How many generated cases a property is tried with. */
export const runs = (ordinary: number): { numRuns: number } => ({ numRuns: scaled(ordinary) });
