import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createBudget } from '../../runner/admission/budget.ts';
import { createGate, type GateLimits } from '../../runner/admission/gate.ts';
import { createVisit } from '../../runner/admission/visit.ts';
import { runs } from '../scale.ts';

const small: GateLimits = { places: 2, waiting: 10, waitingPerTenant: 5, waitMs: 1_000 };

/** A gate whose entries are noted in their order. */
const gateOf = (over: Partial<GateLimits> = {}, nowMs = () => 0) => {
  const gate = createGate({ ...small, ...over }, nowMs);
  const entered: string[] = [];
  const refused: string[] = [];
  const come = async (tenant: string, isOver = () => false): Promise<void> => {
    await gate.enter({ tenant, isOver }).then(
      () => entered.push(tenant),
      (error: { code: string }) => refused.push(`${tenant} ${error.code}`),
    );
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { gate, entered, refused, come, settle };
};

describe('a gate', () => {
  test('lets as many in as there are places, and the next when one leaves', async () => {
    const { gate, entered, come, settle } = gateOf();
    for (const tenant of ['a', 'a', 'a']) void come(tenant);
    await settle();
    expect(entered).toHaveLength(2);
    expect([gate.running(), gate.waiting()]).toEqual([2, 1]);
    gate.leave();
    await settle();
    expect(entered).toHaveLength(3);
  });

  test('gives free places to the tenants in turn, however long the line of one is', async () => {
    const { gate, entered, come, settle } = gateOf({ places: 1 });
    for (const tenant of ['a', 'a', 'a', 'a', 'b', 'c', 'b']) void come(tenant);
    await settle();
    for (let left = 0; left < 6; left++) {
      gate.leave();
      await settle();
    }
    expect(entered.join('')).toBe('aabcaba');
  });

  test('refuses a tenant whose own line is full with 429, and lets others wait', async () => {
    const { refused, come, settle, gate } = gateOf();
    for (let i = 0; i < 8; i++) void come('a');
    void come('b');
    await settle();
    expect(refused).toEqual(['a nexus.rate_limited']);
    expect(gate.refusal('a')).toMatchObject({ code: 'nexus.rate_limited', retryAfterSeconds: 1 });
    expect(gate.refusal('b')).toBeUndefined();
  });

  test('when all room is taken, makes some for a tenant with a short line by refusing the newest of the longest with 503', async () => {
    const { gate, entered, refused, come, settle } = gateOf({ places: 1, waiting: 6, waitingPerTenant: 5 });
    for (const tenant of ['a', 'a', 'a', 'a', 'a', 'b', 'b']) void come(tenant);
    await settle();
    void come('c');
    await settle();
    expect(refused).toEqual(['a nexus.overloaded']);
    expect(gate.refusal('a')).toMatchObject({ code: 'nexus.overloaded', retryAfterSeconds: 1 });
    for (let left = 0; left < 6; left++) {
      gate.leave();
      await settle();
    }
    expect(entered).toContain('c');
  });

  test('gives no place to who has gone', async () => {
    const { gate, entered, refused, come, settle } = gateOf({ places: 1 });
    let gone = false;
    void come('a');
    void come('b', () => gone);
    void come('c');
    await settle();
    gone = true;
    gate.leave();
    await settle();
    expect([entered, refused]).toEqual([['a', 'c'], ['b nexus.timeout']]);
  });

  test('lets nobody wait for ever when no place becomes free', async () => {
    vi.useFakeTimers();
    try {
      const { gate, refused, come } = gateOf({ places: 1 }, () => Date.now());
      void come('a');
      void come('b');
      await vi.advanceTimersByTimeAsync(900);
      expect(refused).toEqual([]);
      await vi.advanceTimersByTimeAsync(600);
      expect(refused).toEqual(['b nexus.overloaded']);
      expect(gate.waiting()).toBe(0);
      expect(vi.getTimerCount(), 'and the clock stands when nobody waits').toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('never lets more in than there are places, never forgets anybody, and ends empty', async () => {
    const comer = fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), leaveFirst: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(comer, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (comers, places) => {
        const { gate, entered, refused, come, settle } = gateOf({ places });
        let most = 0;
        let left = 0;
        for (const { tenant, leaveFirst } of comers) {
          if (leaveFirst && left < entered.length) {
            gate.leave();
            left += 1;
          }
          void come(tenant);
          await settle();
          most = Math.max(most, gate.running());
        }
        while (left < entered.length) {
          gate.leave();
          left += 1;
          await settle();
        }
        expect(most).toBeLessThanOrEqual(places);
        expect(entered.length + refused.length).toBe(comers.length);
        expect([gate.running(), gate.waiting()]).toEqual([0, 0]);
      }),
      runs(100),
    );
  });
});

describe('a visit', () => {
  const visitOf = (places = 1) => {
    const gate = createGate({ ...small, places }, () => 0);
    const bodies = createBudget(100, 60);
    let clock = 0;
    const visit = createVisit({ gate, bodies, clockMs: () => clock, deadlineMs: 50, isGone: () => false, took: () => undefined });
    return { gate, bodies, visit, at: (ms: number) => (clock = ms) };
  };

  test('holds no place while it only waits', async () => {
    const { gate, visit } = visitOf();
    await visit.enter('a');
    await visit.idle(async () => expect(gate.running()).toBe(0));
    expect(gate.running()).toBe(1);
    visit.leave();
    visit.leave();
    expect(gate.running()).toBe(0);
  });

  test('has its place again after a wait that failed', async () => {
    const { gate, visit } = visitOf();
    await visit.enter('a');
    await expect(visit.idle(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(gate.running()).toBe(1);
  });

  test('stops with 504 when its time is over', () => {
    const { visit, at } = visitOf();
    visit.check();
    expect(visit.remainingMs()).toBe(50);
    at(51);
    expect(() => visit.check()).toThrow(expect.objectContaining({ code: 'nexus.timeout' }));
  });

  test('gives back the bytes that it held, and refuses what is too much: 429 of one tenant, 503 in all', () => {
    const { bodies, visit } = visitOf();
    visit.hold('a', 60);
    expect(() => visit.hold('a', 1)).toThrow(expect.objectContaining({ code: 'nexus.rate_limited' }));
    expect(() => bodies.take('b', 41)).toThrow(expect.objectContaining({ code: 'nexus.overloaded' }));
    visit.leave();
    expect(bodies.held()).toBe(0);
  });
});
