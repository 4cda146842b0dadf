import { expect, test } from 'vitest';
import { sealGrant } from '../../shared/grant.ts';
import { caller, grantSecret, startRunner } from './running-runner.ts';

const old = 'the grant secret that was good until today';
const path = '/nexus/spaces';

const sealedWith = (secret: string): string =>
  sealGrant({ context: caller(), method: 'GET', path, query: '', request_id: 'req_test', routes: ['store', 'blobs'] }, secret, Date.now());

test('while the grant secret changes, edges with the old one and with the new one are both let in; later only the new one', async () => {
  for (const [env, expected] of [
    [{ NEXUS_GRANT_SECRET_OLD: old }, [200, 200]],
    [{}, [200, 401]],
  ] as const) {
    const runner = await startRunner({ env });
    const statuses = [];
    for (const secret of [grantSecret, old]) statuses.push((await runner.call('GET', path, undefined, { grant: sealedWith(secret) })).status);
    await runner.stop();
    expect(statuses).toEqual(expected);
  }
});
