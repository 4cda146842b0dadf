import { SignJWT } from 'jose';
import { toBase64Url, utf8 } from '../../shared/bytes.ts';
import { jwtSecret, nowMs } from './edge-under-test.ts';

export type Claims = Record<string, unknown>;

export const claims = {
  sub: 'ada',
  exp: nowMs / 1000 + 3600,
  tenant_id: 't_a',
  env: 'dev',
  project_id: 'p1',
  surface_id: 'marketing',
  roles: ['writer'],
};

/** HS256 with the edge's own secret, unless told otherwise. A claim that is given as undefined is left out. */
export const tokenWith = (changed: Claims = {}, secret: string | Uint8Array = jwtSecret, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ ...claims, ...changed })) as Claims)
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(typeof secret === 'string' ? utf8(secret) : secret);

/** A token that nobody signed. */
export const unsignedToken = (algorithm = 'none'): string => {
  const part = (value: unknown) => toBase64Url(utf8(JSON.stringify(value)));
  return `${part({ alg: algorithm, typ: 'JWT' })}.${part(claims)}.`;
};

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
export const bearerWith = async (changed: Claims = {}): Promise<Record<string, string>> => bearer(await tokenWith(changed));
