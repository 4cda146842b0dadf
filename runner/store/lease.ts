import { spaceKeyText } from '../../shared/space-key.ts';
import type { Entry } from '../records/register.ts';
import type { Lease, SpaceRecords } from '../records/space-records.ts';

/** How long a holder that says nothing more is believed to live. A killed writer blocks its space this long at most. */
const leaseMs = 10_000;
/** Clocks of two machines may differ by this without a lease being taken from a living holder. */
const skewMs = 2_000;
const renewEveryMs = leaseMs / 4;
/** Far less than a superseded record is kept: the number after it is still where it was, or free. */
const trustMs = 30_000;

/** Entries of leases that this process has seen, and since when, by a clock that nobody sets. */
const sightings = new WeakMap<SpaceRecords, { number: number; sinceMs: number }>();

/** A holder that lives writes a new entry every few seconds. One that has stood for longer is nobody's, whatever the clocks say. */
const isSilent = (records: SpaceRecords, { number }: Entry<Lease>): boolean => {
  const seen = sightings.get(records);
  if (seen?.number === number) return performance.now() - seen.sinceMs > leaseMs + skewMs;
  sightings.set(records, { number, sinceMs: performance.now() });
  return false;
};

export interface HeldLease {
  /** Says that the work is done. */
  release(): Promise<void>;
}

/**
 * Takes a space's lease, or says no. It keeps writers from working in vain; it is not what keeps them apart: a writer
 * that lost its lease without noticing is stopped by the conditional write of the head.
 */
export const takeLease = async (records: SpaceRecords, holder: string, nowMs: () => number): Promise<HeldLease | undefined> => {
  const lease = (released: boolean): Lease => ({ space: spaceKeyText(records.key), holder, until: nowMs() + leaseMs, released });
  let mine: Entry<Lease> | undefined;
  const write = async (released: boolean, after: Entry<Lease> | undefined): Promise<boolean> => {
    const value = lease(released);
    const written = await records.lease.write(after, value);
    if (written) mine = { number: (after?.number ?? 0) + 1, value };
    return written;
  };
  const takeAfter = async (current: Entry<Lease> | undefined): Promise<boolean> =>
    (current === undefined || isFree(current.value, holder, nowMs()) || isSilent(records, current)) && write(false, current);

  // What this process saw released a moment ago needs no second look: who was faster makes the write fail.
  const remembered = records.lease.remembered(trustMs)?.entry;
  const isTaken = (remembered?.value.released === true && (await write(false, remembered))) || (await takeAfter(await records.lease.read()));
  if (!isTaken) return undefined;

  let lost = false;
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewing = write(false, mine).then(
      (written) => {
        lost ||= !written;
      },
      () => undefined,
    );
  }, renewEveryMs);
  timer.unref();

  return {
    async release() {
      clearInterval(timer);
      await renewing;
      if (!lost) await write(true, mine);
    },
  };
};

const isFree = (lease: Lease, holder: string, nowMs: number): boolean => lease.released || lease.holder === holder || nowMs > lease.until + skewMs;
