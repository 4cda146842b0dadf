import { z } from 'zod';

/** How the object stores are reached that routes lead to. From the environment, given on explicitly: nothing is picked up by itself. */
export interface StorageSettings {
  gcs: GcsSettings;
  s3: S3Settings | undefined;
  azure: AzureSettings | undefined;
}

/** Google's store is reached with the machine's own identity. */
export interface GcsSettings {
  /** Of an emulator, which asks for no credentials. */
  endpoint: string | undefined;
}

export interface S3Settings {
  region: string;
  /** Of another store that speaks like S3. */
  endpoint: string | undefined;
  /** Without: the machine's own role. */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

export interface AzureSettings {
  account: string;
  key: string;
  /** Of Azurite, without the account's name. */
  endpoint: string | undefined;
}

export type ObjectScheme = 'gs' | 's3' | 'az';

export interface ObjectRoot {
  scheme: ObjectScheme;
  bucket: string;
  /** Empty, or without a `/` at its ends. */
  prefix: string;
}

/** `gs://bucket/some/prefix` → its parts. @returns undefined for a folder */
export const parseObjectRoot = (root: string): ObjectRoot | undefined => {
  const match = /^(gs|s3|az):\/\/([^/]+)(?:\/(.*))?$/s.exec(root);
  if (match === null) return undefined;
  const [, scheme, bucket = '', prefix = ''] = match;
  return { scheme: scheme as ObjectScheme, bucket, prefix: prefix.replace(/\/+$/, '') };
};

/** The variables of the environment, each with the store's name in it. */
export const storageVariables = {
  /** Of an emulator; Google's own otherwise. */
  NEXUS_GCS_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  NEXUS_S3_REGION: z.string().min(1).optional(),
  NEXUS_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  NEXUS_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  NEXUS_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  NEXUS_AZURE_ACCOUNT: z.string().min(1).optional(),
  NEXUS_AZURE_KEY: z.base64().optional(),
  NEXUS_AZURE_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
};
const variablesSchema = z.object(storageVariables);
export type StorageVariables = z.infer<typeof variablesSchema>;

const withoutSlash = (url: string | undefined): string | undefined => url?.replace(/\/+$/, '');

export const storageSettings = (env: StorageVariables): StorageSettings => {
  const { NEXUS_S3_REGION: region, NEXUS_S3_ACCESS_KEY_ID: accessKeyId, NEXUS_S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const { NEXUS_AZURE_ACCOUNT: account, NEXUS_AZURE_KEY: key } = env;
  const credentials = accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  return {
    gcs: { endpoint: withoutSlash(env.NEXUS_GCS_ENDPOINT) },
    s3: region === undefined ? undefined : { region, credentials, endpoint: withoutSlash(env.NEXUS_S3_ENDPOINT) },
    azure: account === undefined || key === undefined ? undefined : { account, key, endpoint: withoutSlash(env.NEXUS_AZURE_ENDPOINT) },
  };
};

/** Variables that say nothing without each other. @returns name and message of each that is missing */
export const halfSettings = (env: StorageVariables): [name: keyof StorageVariables, message: string][] => {
  const pairs = [
    ['NEXUS_S3_ACCESS_KEY_ID', 'NEXUS_S3_SECRET_ACCESS_KEY'],
    ['NEXUS_AZURE_ACCOUNT', 'NEXUS_AZURE_KEY'],
  ] as const;
  return pairs.flatMap(([one, other]): [keyof StorageVariables, string][] => {
    if ((env[one] === undefined) === (env[other] === undefined)) return [];
    return env[one] === undefined ? [[one, `is needed beside ${other}`]] : [[other, `is needed beside ${one}`]];
  });
};

const needed = { s3: 'NEXUS_S3_REGION', azure: 'NEXUS_AZURE_ACCOUNT and NEXUS_AZURE_KEY' } as const;

/** What is missing for a root, in words for the operator. */
export const storageProblem = (settings: StorageSettings, root: string): string | undefined => {
  const scheme = parseObjectRoot(root)?.scheme;
  if (scheme === 's3' && settings.s3 === undefined) return `${root} needs ${needed.s3}`;
  if (scheme === 'az' && settings.azure === undefined) return `${root} needs ${needed.azure}`;
  return undefined;
};

/** @throws Error that says which variable is missing */
export const requireSettings = <K extends 's3' | 'azure'>(settings: StorageSettings, store: K): NonNullable<StorageSettings[K]> => {
  const found = settings[store];
  if (found === undefined) throw new Error(`this store needs ${needed[store]}`);
  return found as NonNullable<StorageSettings[K]>;
};
