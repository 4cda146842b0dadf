import { SignJWT } from 'jose';
import { z } from 'zod';
import { utf8 } from '../../shared/bytes.ts';
import { roles } from '../../shared/context.ts';
import { envSchema, projectIdSchema, surfaceIdSchema, tenantIdSchema } from '../../shared/space-key.ts';
import { CliError, type Io } from './command.ts';
import { readSecrets, secretsPath } from './stack-files.ts';

/** One value, several, or any. */
const oneOrMore = (schema: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.union([z.literal('*'), schema], { error: (issue) => `${String(issue.input)} is not a valid name` })).min(1))
    .transform((values) => (values.length === 1 ? (values[0] as string) : values));

const claimsSchema = z.object({
  sub: z.string().min(1).max(512),
  tenant_id: tenantIdSchema,
  env: oneOrMore(envSchema),
  project_id: oneOrMore(projectIdSchema),
  surface_id: oneOrMore(surfaceIdSchema),
  roles: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.enum(roles))),
});

const flagNames: Record<string, string> = { sub: 'subject', tenant_id: 'tenant', project_id: 'project', surface_id: 'surface' };

/** What a credential shall say, as flags give it: `env`, `project_id`, `surface_id` and `roles` may be lists with commas. */
export type WantedClaims = z.input<typeof claimsSchema>;

/** @throws CliError `cli.usage` naming the flag whose value no credential may have */
export const parseClaims = (wanted: WantedClaims): z.infer<typeof claimsSchema> => {
  const parsed = claimsSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const claim = String(issue?.path[0]);
  throw new CliError('cli.usage', `--${flagNames[claim] ?? claim}: ${issue?.message}.`);
};

/** A JWT for the local stack (HS256). @throws CliError `cli.usage` */
export const mintToken = async (wanted: WantedClaims, secret: string, nowMs: number, ttlMs: number): Promise<string> => {
  const claims = parseClaims(wanted);
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.floor(ttlMs / 1000))
    .sign(utf8(secret));
};

/** @throws CliError `cli.no_secrets` */
export const localJwtSecret = async (data: string, io: Io): Promise<string> => {
  const secret = io.env.NEXUS_JWT_SECRET || (await readSecrets(data))?.jwt_secret;
  if (secret === undefined) {
    throw new CliError('cli.no_secrets', `There is no ${secretsPath(data)} yet. Run npm start first, or name its folder with --data or NEXUS_DATA.`);
  }
  return secret;
};
