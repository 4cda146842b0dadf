import { readFileSync, writeFileSync } from 'node:fs';
import { type CryptoKey, createLocalJWKSet, exportJWK, generateKeyPair, importJWK, type JWK, type JWTVerifyGetKey, SignJWT } from 'jose';

const algorithm = 'ES256';
const tokenSeconds = 300;

/** Who the spool says it is: its pushes go through the same verifier as Google's. */
export const spoolIssuer = 'urn:nexus:spool';
export const spoolEmail = 'spool@nexus.invalid';

export interface PushKey {
  verifyKeys: JWTVerifyGetKey;
  /** A fresh OIDC-shaped token for one push. */
  sign(audience: string, nowMs: number): Promise<string>;
}

const readKey = (path: string): JWK | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The key the spool signs with, made at first start; only its owner can read it, so no other local program can push. */
export const loadPushKey = async (path: string): Promise<PushKey> => {
  let jwk = readKey(path);
  if (jwk === undefined) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    jwk = { ...(await exportJWK(privateKey)), alg: algorithm, kid: 'spool' };
    writeFileSync(path, JSON.stringify(jwk), { mode: 0o600, flag: 'wx', flush: true });
  }
  const privateKey = (await importJWK(jwk, algorithm)) as CryptoKey;
  const { d: _, ...publicJwk } = jwk;
  return {
    verifyKeys: createLocalJWKSet({ keys: [publicJwk as JWK & { kty: string }] }),
    sign: (audience, nowMs) => {
      const issuedAt = Math.floor(nowMs / 1000);
      return new SignJWT({ email: spoolEmail, email_verified: true })
        .setProtectedHeader({ alg: algorithm, kid: 'spool' })
        .setIssuer(spoolIssuer)
        .setSubject(spoolEmail)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + tokenSeconds)
        .sign(privateKey);
    },
  };
};
