import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPushKey, spoolEmail, spoolIssuer } from '../../runner/adapters/spool/push-key.ts';
import { spoolClock } from '../../runner/adapters/spool/spool-clock.ts';
import { spoolFiles } from '../../runner/adapters/spool/spool-files.ts';
import { verifyPushToken } from '../../runner/worker/push-auth.ts';
import { seqOf } from '../../shared/events.ts';
import { runs } from '../scale.ts';
import { audience, deadLettersUrl, eventNamed, eventsUrl, type RunningSpool, startSpool } from './running-spool.ts';

let spool: RunningSpool;
beforeEach(async () => {
  spool = await startSpool();
});
afterEach(() => spool.remove());

const publish = async (...ids: string[]): Promise<void> => {
  for (const id of ids) await spool.events.publish(eventNamed(id));
};
const ids = (): string[] => spool.pushes.map(({ id }) => id);

describe('publishing', () => {
  test('is durable when it has been answered: another process finds each event whole, in order of publication', async () => {
    await publish('a', 'b', 'c');
    const { files } = await spoolFiles(spool.folder).list();
    const messages = await Promise.all(files.map((file) => spoolFiles(spool.folder).read(file)));
    expect(messages.map((message) => JSON.parse(Buffer.from(message?.data ?? '', 'base64').toString()).id)).toEqual(['a', 'b', 'c']);
    expect(messages.map((message) => message?.attributes['ce-id'])).toEqual(['a', 'b', 'c']);
    expect(new Set(files.map(({ seq }) => seq)).size).toBe(3);
  });

  test('of many at once gives each a stamp of its own', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => spool.events.publish(eventNamed(`e${index}`))));
    const { files } = await spool.files.list();
    expect(new Set(files.map(({ seq }) => seq)).size).toBe(50);
  });

  test('keeps events and the key from other users of the machine', async () => {
    await publish('a');
    for (const name of [join('queue', spool.inQueue()[0] ?? ''), 'push-key.json', 'clock']) expect(statSync(join(spool.folder, name)).mode & 0o077).toBe(0);
    for (const name of ['queue', 'dead', 'incoming']) expect(statSync(join(spool.folder, name)).mode & 0o077).toBe(0);
  });
});

describe('the spool’s clock', () => {
  type Step = { do: 'stamp'; times: number } | { do: 'restart' } | { do: 'jump'; ms: number };
  const anyStep: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('stamp' as const), times: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ do: fc.constant('restart' as const) }),
    fc.record({
      do: fc.constant('jump' as const),
      ms: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constantFrom(-3_600_000, 3_600_000, -86_400_000, 12_000)),
    }),
  );

  test('never gives a stamp that is not greater than all before it, over restarts and clocks that jump, and is never behind the time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nexus-clock-'));
    let file = 0;
    try {
      fc.assert(
        fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
          const path = join(folder, String(file++));
          let ms = Date.UTC(2026, 4, 1);
          let stamp = spoolClock(path, () => ms);
          let last = 0;
          for (const step of steps) {
            if (step.do === 'jump') ms += step.ms;
            else if (step.do === 'restart') stamp = spoolClock(path, () => ms);
            else
              for (let time = 0; time < step.times; time++) {
                const next = stamp();
                expect(next).toBeGreaterThan(last);
                expect(next).toBeGreaterThanOrEqual(ms * 1000);
                expect(Number.isSafeInteger(next)).toBe(true);
                last = next;
              }
          }
        }),
        runs(100),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('delivery', () => {
  test('is a push as Pub/Sub sends it, with the stamp as publish time, signed so that the verifier takes it', async () => {
    await publish('a');
    const [file] = (await spool.files.list()).files;
    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    const [push] = spool.pushes;
    if (push === undefined || file === undefined) throw new Error('there is one push of one file');
    expect(push.url).toBe(eventsUrl);
    expect(seqOf(push.envelope)).toBe(file.seq);
    expect(push.envelope).toMatchObject({ deliveryAttempt: 1, message: { messageId: file.id, attributes: { 'ce-id': 'a' } } });
    const verify = verifyPushToken({ keys: spool.key.verifyKeys, issuers: [spoolIssuer], audience, email: spoolEmail }, Date.now);
    await verify({ authorization: push.authorization, contentType: 'application/json', origin: undefined });
  });

  test('of what is published while it runs begins by itself', async () => {
    spool.start({ pollMs: 3_600_000 });
    await publish('a', 'b');
    await spool.until(() => spool.inQueue().length === 0);
    expect(ids().sort()).toEqual(['a', 'b']);
  });

  test.each([200, 201, 202, 204])('answered with %i is over, and comes no second time', async (status) => {
    spool.answer = () => status;
    await publish('a', 'b', 'c');
    const deliverer = spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    await deliverer.stop();
    expect(ids().sort()).toEqual(['a', 'b', 'c']);
  });

  test.each([203, 400, 401, 404, 409, 429, 500, 503, 'nothing'] as const)(
    'answered with %j comes again, with its attempts counted, until it is acknowledged',
    async (answer) => {
      spool.answer = ({ envelope }) => ((envelope.deliveryAttempt ?? 0) < 4 ? answer : 204);
      await publish('a');
      spool.start();
      await spool.until(() => spool.inQueue().length === 0);
      expect(spool.pushes.map(({ envelope }) => envelope.deliveryAttempt)).toEqual([1, 2, 3, 4]);
      expect(new Set(spool.pushes.map(({ envelope }) => JSON.stringify(envelope.message))).size).toBe(1);
      expect(spool.inDead()).toEqual([]);
    },
  );

  test('of one message that always fails keeps no other waiting', async () => {
    spool.answer = ({ id }) => (id === 'bad' ? 500 : 204);
    await publish('bad', 'a', 'b', 'c');
    spool.start({ maxInFlight: 1 });
    await spool.until(() => spool.inQueue().length === 1);
    expect(new Set(ids())).toEqual(new Set(['bad', 'a', 'b', 'c']));
  });

  test('has never more under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    spool.answer = async () => {
      most = Math.max(most, ++underWay);
      // The first four are held until they are together: more would show themselves then.
      if (most <= 4) await spool.until(() => most >= 4);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return 204;
    };
    await publish(...Array.from({ length: 30 }, (_, index) => `e${index}`));
    spool.start({ maxInFlight: 4 });
    await spool.until(() => spool.inQueue().length === 0);
    expect(most).toBe(4);
  });

  test('of a request that is done part by part goes on at once, and its parts are no failed attempts', async () => {
    let parts = 0;
    spool.answer = () => (++parts < 10 ? 'unfinished' : 204);
    await publish('a');
    spool.start({ maxAttempts: 3 });
    await spool.until(() => spool.inQueue().length + spool.inDead().length === 0);
    expect(spool.pushes.map(({ url, envelope }) => [url, envelope.deliveryAttempt])).toEqual(Array(10).fill([eventsUrl, 1]));
  });

  test('takes tenants in turn: whoever comes second waits for no flood', async () => {
    for (let index = 0; index < 30; index++) await spool.events.publish(eventNamed(`a${index}`, 't_a'));
    for (let index = 0; index < 3; index++) await spool.events.publish(eventNamed(`b${index}`, 't_b'));
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    spool.answer = async () => {
      await gate;
      return 204;
    };
    spool.start({ maxInFlight: 4 });
    await spool.until(() => spool.pushes.length === 4);
    expect(ids().sort()).toEqual(['a0', 'a1', 'b0', 'b1']);
    open();
    await spool.until(() => spool.inQueue().length === 0);
    expect(ids().indexOf('b2')).toBeLessThan(10);
  });

  test('leaves room for others while one tenant’s messages take long', async () => {
    for (let index = 0; index < 30; index++) await spool.events.publish(eventNamed(`a${index}`, 't_a'));
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    spool.answer = async ({ id }) => {
      if (id.startsWith('a')) await gate;
      return 204;
    };
    spool.start({ maxInFlight: 8, maxInFlightPerTenant: 6 });
    await spool.until(() => spool.pushes.length === 6);
    await spool.events.publish(eventNamed('b', 't_b'));
    await spool.until(() => spool.inQueue().every((name) => !name.includes('-t_b.')));
    expect(ids().filter((id) => id.startsWith('a'))).toHaveLength(6);
    open();
  });

  test('takes messages that an earlier release spooled', async () => {
    await publish('a');
    const [name = ''] = spool.inQueue();
    renameSync(join(spool.folder, 'queue', name), join(spool.folder, 'queue', name.replace('-t_a', '')));
    spool.answer = ({ envelope }) => ((envelope.deliveryAttempt ?? 0) < 3 ? 503 : 204);
    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    expect(ids()).toEqual(['a', 'a', 'a']);
  });

  test('survives a disk that cannot be read for a moment: nothing is given up for it', async () => {
    await publish('a', 'b');
    let failures = 0;
    const flaky = {
      ...spool.files,
      read: async (file: Parameters<typeof spool.files.read>[0]) => {
        if (failures++ < 5) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
        return spool.files.read(file);
      },
    };
    spool.start({}, flaky);
    await spool.until(() => spool.inQueue().length === 0);
    expect(spool.pushes.map(({ url, id }) => `${url} ${id}`).sort()).toEqual([`${eventsUrl} a`, `${eventsUrl} b`]);
    expect(spool.inDead()).toEqual([]);
  });
});

describe('dead letters', () => {
  test('take a message that failed too often, as often as it takes them, and keep it', async () => {
    let buried = 0;
    spool.answer = ({ url }) => (url === deadLettersUrl && ++buried > 2 ? 204 : 503);
    await publish('a');
    const message = readFileSync(join(spool.folder, 'queue', spool.inQueue()[0] ?? ''), 'utf8');
    spool.start({ maxAttempts: 3 });
    await spool.until(() => spool.inDead().length === 1);
    expect(spool.pushes.map(({ url }) => url)).toEqual([...Array(3).fill(eventsUrl), ...Array(3).fill(deadLettersUrl)]);
    expect(readFileSync(join(spool.folder, 'dead', spool.inDead()[0] ?? ''), 'utf8')).toBe(message);
    expect(spool.inQueue()).toEqual([]);
  });
});

describe('files that are not messages', () => {
  test('foreign ones stay where they are, are told of once, and stop nobody', async () => {
    writeFileSync(join(spool.folder, 'queue', 'notes.txt'), 'x');
    writeFileSync(join(spool.folder, 'queue', '0000000000000001-abc.0.json'), 'x');
    mkdirSync(join(spool.folder, 'queue', 'folder'));
    await publish('a');
    const deliverer = spool.start();
    await spool.until(() => spool.inQueue().length === 3);
    deliverer.wake();
    await publish('b');
    await spool.until(() => ids().length === 2 && spool.inQueue().length === 3);
    expect(spool.logged.filter((event) => event === 'spool.foreign_file')).toHaveLength(3);
  });

  test.each([
    ['cut short', (path: string) => truncateSync(path, 100)],
    ['emptied', (path: string) => truncateSync(path, 0)],
    ['changed in its data', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('"data":"e', '"data":"f'))],
    ['overwritten', (path: string) => writeFileSync(path, 'anything')],
  ])('one that was %s goes to the dead letters with what is left of it, and stops nobody', async (_, damage) => {
    await publish('damaged');
    const path = join(spool.folder, 'queue', spool.inQueue()[0] ?? '');
    damage(path);
    const left = readFileSync(path, 'utf8');
    await publish('a', 'b');
    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    const events = spool.pushes.filter(({ url }) => url === eventsUrl);
    const letters = spool.pushes.filter(({ url }) => url === deadLettersUrl);
    expect(events.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(letters.map(({ envelope }) => Buffer.from(envelope.message.data, 'base64').toString())).toEqual([left]);
    expect(spool.inDead()).toHaveLength(1);
    expect(spool.logged).toContain('spool.damaged_message');
  });
});

describe('stopping', () => {
  test('waits for what is under way, begins nothing more, and leaves the rest for the next start', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    spool.answer = async () => {
      await held;
      return 204;
    };
    await publish('a', 'b', 'c', 'd');
    const deliverer = spool.start({ maxInFlight: 2 });
    await spool.until(() => spool.pushes.length === 2);
    let stopped = false;
    const stopping = deliverer.stop().then(() => {
      stopped = true;
    });
    await publish('e');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(ids().sort()).toEqual(['a', 'b']);
    expect(spool.inQueue()).toHaveLength(3);

    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    expect(ids().sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('and starting again goes on counting attempts where they were', async () => {
    spool.answer = () => 500;
    await publish('a');
    const first = spool.start();
    await spool.until(() => spool.pushes.length >= 2);
    await first.stop();
    const before = spool.pushes.length;
    spool.answer = () => 204;
    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    expect(spool.pushes.at(-1)?.envelope.deliveryAttempt).toBe(before + 1);
  });

  test('in the middle of a push leaves the message: an answer that nobody heard is no answer', async () => {
    spool.answer = () => new Promise(() => undefined);
    await publish('a');
    spool.start();
    await spool.until(() => spool.pushes.length === 1);
    // Another process on the same folder, while the first one still waits for an answer that never comes.
    spool.answer = () => 204;
    spool.start();
    await spool.until(() => spool.inQueue().length === 0);
    expect(spool.pushes.map(({ envelope }) => envelope.deliveryAttempt)).toEqual([1, 2]);
  });
});

describe('the push key', () => {
  test('is made once and stays the same', async () => {
    const token = await spool.key.sign(audience, Date.now());
    const again = await loadPushKey(join(spool.folder, 'push-key.json'));
    const verify = verifyPushToken({ keys: again.verifyKeys, issuers: [spoolIssuer], audience, email: spoolEmail }, Date.now);
    await verify({ authorization: `Bearer ${token}`, contentType: undefined, origin: undefined });
  });

  test('that is damaged is a failure at start, not a new key', async () => {
    writeFileSync(join(spool.folder, 'push-key.json'), '{');
    await expect(loadPushKey(join(spool.folder, 'push-key.json'))).rejects.toThrow();
  });
});
