import { SignJWT } from 'jose';
import { bindingsSchema } from '../../edge/bindings.ts';
import { createEdge } from '../../edge/create-edge.ts';
import { utf8 } from '../../shared/bytes.ts';
import { caller, cursorKeys, grantSecret } from '../runner/running-runner.ts';

const jwtSecret = 'a-jwt-secret-that-only-these-tests-know';

export interface EdgeAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped on purpose
  body: any;
  tookMs: number;
}

/**
 * The real edge before real runners.
 * @param patience of the real one: 1 waits as long, 0.1 a tenth
 */
export const edgeBefore = async (runners: readonly string[], routes: string, patience: number) => {
  const edge = createEdge({
    bindings: bindingsSchema.parse({
      NEXUS_JWT_SECRET: jwtSecret,
      NEXUS_GRANT_SECRET: grantSecret,
      NEXUS_CURSOR_KEYS: cursorKeys,
      NEXUS_RUNNERS: runners.join(),
      NEXUS_ROUTES: routes,
    }),
    version: '0',
    fetch: (url, outgoing) => fetch(url, outgoing as RequestInit),
    now: Date.now,
    newRequestId: () => 'req_test',
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs * patience);
      return () => clearTimeout(timer);
    },
    log: () => undefined,
  });
  const { subject, ...context } = caller();
  const token = await new SignJWT({ sub: subject, exp: Date.now() / 1000 + 3_600, ...context }).setProtectedHeader({ alg: 'HS256' }).sign(utf8(jwtSecret));

  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<EdgeAnswer> => {
    const startedMs = performance.now();
    const answer = await edge.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json(), tookMs: performance.now() - startedMs };
  };
};
