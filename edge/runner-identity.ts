import { type CryptoKey, importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import { utf8 } from '../shared/bytes.ts';
import { NexusError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import type { EdgeDeps } from './edge-deps.ts';

/**
 * A private Cloud Run service lets in who shows an ID token of Google's for its URL. The edge gets one for a service
 * account that may invoke it: an assertion signed here, exchanged at Google's token endpoint (RFC 7523; "service account
 * with a private key" of Cloud Run's documentation on authenticating service to service).
 */
export const serviceAccountSchema = z.object({
  client_email: z.email(),
  private_key: z.string().includes('-----BEGIN PRIVATE KEY-----'),
  private_key_id: z.string().optional(),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
});
export type ServiceAccount = z.infer<typeof serviceAccountSchema>;

const answerSchema = z.object({ id_token: z.string().min(1) });

interface IdToken {
  token: string;
  untilMs: number;
}

type Deps = Pick<EdgeDeps, 'fetch' | 'now' | 'after' | 'log'>;

/** One exchange. @throws whatever keeps it from a token */
const exchange = async (account: ServiceAccount, key: CryptoKey, audience: string, { fetch, now, after }: Deps): Promise<IdToken> => {
  const issuedAt = Math.floor(now() / 1000);
  const assertion = await new SignJWT({ target_audience: audience })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.private_key_id === undefined ? {} : { kid: account.private_key_id }) })
    .setIssuer(account.client_email)
    .setSubject(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + limits.idTokenTtlMs / 1000)
    .sign(key);
  const abort = new AbortController();
  const stopClock = after(limits.idTokenTimeoutMs, () => abort.abort());
  try {
    const answer = await fetch(account.token_uri, {
      method: 'POST',
      headers: new Headers({ 'content-type': 'application/x-www-form-urlencoded' }),
      redirect: 'manual',
      signal: abort.signal,
      body: utf8(`grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:jwt-bearer')}&assertion=${assertion}`),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}: ${text.slice(0, 200)}`);
    return { token: answerSchema.parse(JSON.parse(text)).id_token, untilMs: now() + limits.idTokenTtlMs - limits.idTokenSlackMs };
  } finally {
    stopClock();
  }
};

/**
 * Tokens by audience, kept in the isolate until shortly before they end; one exchange at a time for each.
 * @returns a function that throws NexusError 503 when no token can be had
 */
export const createRunnerIdentity = (account: ServiceAccount, deps: Deps): ((audience: string) => Promise<string>) => {
  const known = new Map<string, IdToken>();
  const underWay = new Map<string, Promise<IdToken>>();
  let key: CryptoKey | undefined;

  const begin = async (audience: string): Promise<IdToken> => {
    key ??= await importPKCS8(account.private_key, 'RS256');
    const token = await exchange(account, key, audience, deps);
    known.set(audience, token);
    return token;
  };

  /** On Workers a promise dies with the request that began it: who waits for another's does not wait for ever. */
  const orOwn = async (audience: string, others: Promise<IdToken>): Promise<IdToken> => {
    let stopClock: () => void = () => undefined;
    const patience = new Promise<undefined>((resolve) => {
      stopClock = deps.after(limits.idTokenTimeoutMs, () => resolve(undefined));
    });
    try {
      return (await Promise.race([others, patience])) ?? (await begin(audience));
    } finally {
      stopClock();
    }
  };

  return async (audience) => {
    const cached = known.get(audience);
    if (cached !== undefined && deps.now() < cached.untilMs) return cached.token;
    const others = underWay.get(audience);
    try {
      if (others !== undefined) return (await orOwn(audience, others)).token;
      const own = begin(audience);
      underWay.set(audience, own);
      return (await own.finally(() => underWay.delete(audience))).token;
    } catch (cause) {
      deps.log({ level: 'error', event: 'runner_identity_failed', audience, cause: String(cause) });
      throw new NexusError('nexus.upstream_unavailable', 'The edge cannot identify itself to the runner right now. Try again.', { cause });
    }
  };
};
