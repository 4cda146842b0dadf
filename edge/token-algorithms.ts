/** The two places keys come from: a shared secret, and an issuer's published set. */
export const keySources = ['secret', 'jwks'] as const;
export type KeySource = (typeof keySources)[number];

/**
 * Which source a token's algorithm belongs to. Never mixed: were a public key ever tried as an HMAC secret, anyone
 * could sign (RFC 8725, 2.1 and 3.1). What is not here, `none` among it, is refused.
 */
export const algorithmsOf: Readonly<Record<KeySource, readonly string[]>> = {
  secret: ['HS256'],
  jwks: ['RS256', 'ES256', 'EdDSA'],
};

export const keySourceOf = (algorithm: string | undefined): KeySource | undefined =>
  keySources.find((source) => algorithm !== undefined && algorithmsOf[source].includes(algorithm));
