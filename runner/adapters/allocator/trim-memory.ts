/** Where the C library is not glibc, or this machine has no build of the bridge to it, memory stays as its allocator keeps it. */
const trim = async (): Promise<((done: () => void) => void) | undefined> => {
  try {
    const { default: koffi } = await import('koffi');
    const mallocTrim = koffi.load(null).func('int malloc_trim(size_t)');
    return (done) => mallocTrim.async(0, done);
  } catch {
    return undefined;
  }
};

/**
 * Gives what the engine has freed back to the system, now and then, as long as the process lives. glibc returns the end of its heap alone:
 * of what an ended session leaves, two thirds are pages between pieces that are still in use, so that resident memory
 * would be the most there ever was, and more (docs/decisions/0069-freed-memory-goes-back.md). It runs beside
 * Node's thread.
 * @returns whether this process can do it
 */
export const trimMemory = async (everyMs: number): Promise<boolean> => {
  const trimNow = await trim();
  if (trimNow === undefined) return false;
  let atWork = false;
  setInterval(() => {
    if (atWork) return;
    atWork = true;
    trimNow(() => {
      atWork = false;
    });
  }, everyMs).unref();
  return true;
};
