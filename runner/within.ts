/**
 * What comes within a time, whatever becomes of it later.
 * @returns undefined: not yet
 * @throws what the work fails with in that time
 */
export const within = <T>(work: Promise<T>, ms: number): Promise<{ value: T } | undefined> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(resolve, ms, undefined);
    work.then((value) => resolve({ value }), reject).finally(() => clearTimeout(late));
  });
