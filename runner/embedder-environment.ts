import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { limits } from '../shared/limits.ts';

/** Up to the path that the vendor's protocol goes on with; keys have a variable of their own. */
export const serviceUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => {
    if (!URL.canParse(text)) return true; // told already
    const { username, password, search, hash } = new URL(text);
    return `${username}${password}${search}${hash}` === '';
  }, 'must have no credentials, query or fragment')
  .transform((text) => text.replace(/\/+$/, ''));

const count = z.coerce.number<string>().int().min(1);

const modelPattern = /^(.+)@(\d{1,4})$/;
/** `model@dimension`, several with commas. */
const models = z.string().transform((text, ctx) =>
  text.split(',').map((entry) => {
    const [, name = '', dimension = '0'] = modelPattern.exec(entry.trim()) ?? [];
    if (name === '' || Number(dimension) < 1 || Number(dimension) > limits.maxDimension)
      ctx.addIssue({ code: 'custom', message: `must be model@dimension, or several with commas; dimensions go to ${limits.maxDimension}` });
    return { name, dimension: Number(dimension) };
  }),
);

const hubId = /^\w[\w.-]*(\/\w[\w.-]*)?$/;
const onnxModel = z
  .string()
  .refine((text) => isAbsolute(text) || hubId.test(text), 'must be the absolute path of a folder, or owner/name of a model of the hub');

/** Which embedder, and its own variables. */
export const embedderVariables = {
  NEXUS_EMBEDDER: z.enum(['hashing', 'openai', 'vertex', 'cohere', 'workers-ai', 'onnx']).default('hashing'),
  /** The first is what new spaces get; the others serve spaces that name them. */
  NEXUS_EMBEDDER_MODEL: models.optional(),
  NEXUS_EMBEDDER_URL: serviceUrl.optional(),
  NEXUS_EMBEDDER_KEY: z.string().min(1).optional(),
  /** Vertex AI. */
  NEXUS_EMBEDDER_PROJECT: z.string().min(1).optional(),
  NEXUS_EMBEDDER_LOCATION: z.string().min(1).optional(),
  /** Workers AI. */
  NEXUS_EMBEDDER_ACCOUNT: z.string().min(1).optional(),
  /** ONNX, on this machine. */
  NEXUS_ONNX_MODEL: onnxModel.optional(),
  NEXUS_ONNX_POOLING: z.enum(['mean', 'cls']).default('mean'),
  NEXUS_ONNX_DTYPE: z.enum(['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4']).default('fp32'),
  /** Folder in whose `node_modules` Transformers.js lies, if not the runner's own. */
  NEXUS_ONNX_PACKAGES: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  NEXUS_EMBEDDER_QUERY_PREFIX: z.string().default(''),
  NEXUS_EMBEDDER_DOCUMENT_PREFIX: z.string().default(''),
  /** Whether the service is asked for vectors of just this dimension: models of one dimension refuse the question. */
  NEXUS_EMBEDDER_ASK_DIMENSION: z.enum(['true', 'false']).optional(),
  NEXUS_EMBEDDER_BATCH_INPUTS: count.optional(),
  NEXUS_EMBEDDER_BATCH_TOKENS: count.optional(),
  NEXUS_EMBEDDER_CONCURRENCY: count.max(256).optional(),
  NEXUS_EMBEDDER_TIMEOUT_MS: count.max(limits.embedDocumentsTimeoutMs).default(limits.vendorTimeoutMs),
  /** Weight of its lists beside the text lists. */
  NEXUS_EMBEDDER_FUSION_WEIGHT: z.coerce.number<string>().min(0).max(limits.fusionWeightMax).default(1),
};
const variablesSchema = z.object(embedderVariables);
export type EmbedderEnvironment = z.infer<typeof variablesSchema>;
type Name = keyof EmbedderEnvironment;

const needed: Record<EmbedderEnvironment['NEXUS_EMBEDDER'], readonly Name[]> = {
  hashing: [],
  openai: ['NEXUS_EMBEDDER_MODEL'],
  vertex: ['NEXUS_EMBEDDER_MODEL', 'NEXUS_EMBEDDER_PROJECT', 'NEXUS_EMBEDDER_LOCATION'],
  cohere: ['NEXUS_EMBEDDER_MODEL', 'NEXUS_EMBEDDER_KEY'],
  'workers-ai': ['NEXUS_EMBEDDER_MODEL', 'NEXUS_EMBEDDER_KEY', 'NEXUS_EMBEDDER_ACCOUNT'],
  onnx: ['NEXUS_ONNX_MODEL'],
};

/** What one variable cannot tell by itself. */
export const checkEmbedder = (env: EmbedderEnvironment, wrong: (name: string, message: string) => void): void => {
  const kind = env.NEXUS_EMBEDDER;
  for (const name of needed[kind] ?? []) if (env[name] === undefined) wrong(name, `is needed by NEXUS_EMBEDDER=${kind}`);
  // Without a URL of its own it is OpenAI itself; a server of one's own may need no key.
  if (kind === 'openai' && env.NEXUS_EMBEDDER_URL === undefined && env.NEXUS_EMBEDDER_KEY === undefined)
    wrong('NEXUS_EMBEDDER_KEY', 'is needed by NEXUS_EMBEDDER=openai without NEXUS_EMBEDDER_URL');
  if (kind === 'hashing' && env.NEXUS_EMBEDDER_MODEL !== undefined)
    wrong('NEXUS_EMBEDDER_MODEL', 'says nothing to NEXUS_EMBEDDER=hashing; name the embedder of this model');
  if (kind === 'onnx' && env.NEXUS_EMBEDDER_MODEL !== undefined)
    wrong('NEXUS_EMBEDDER_MODEL', 'says nothing to NEXUS_EMBEDDER=onnx, which learns its dimension from the model: name that in NEXUS_ONNX_MODEL');
  if (kind !== 'onnx' && env.NEXUS_ONNX_MODEL !== undefined) wrong('NEXUS_ONNX_MODEL', `says nothing to NEXUS_EMBEDDER=${kind}; it is for onnx`);
};
