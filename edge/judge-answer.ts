import { z } from 'zod';
import { NexusError } from '../shared/errors.ts';
import type { Endpoint } from '../shared/http/endpoints.ts';
import { limits } from '../shared/limits.ts';
import type { Observed } from './log-requests.ts';
import { headersToCaller } from './passed-headers.ts';
import { readUpTo } from './read-body.ts';

/** Lenient: a newer runner may know more codes and fields than this edge. */
const envelopeSchema = z.object({ error: z.object({ code: z.string(), message: z.string(), http_status: z.number(), request_id: z.string() }) });

const nonsense = (why: string, cause?: unknown): NexusError =>
  new NexusError('nexus.upstream_invalid', 'The runner gave an answer that cannot be passed on. Try again.', { cause: cause ?? why });

const isJson = (headers: Headers): boolean => headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === 'application/json';

const withoutBody: readonly number[] = [204, 304];

/** An error may pass only in the one envelope: whatever stands between edge and runner has pages of its own. */
const errorBody = async (answer: Response, observed: Pick<Observed, 'code'>): Promise<Uint8Array<ArrayBuffer>> => {
  if (!isJson(answer.headers) || answer.body === null) throw nonsense(`status ${answer.status} without a JSON body`);
  const read = await readUpTo(answer.body, limits.edgeReadsBodyBytes);
  if (!read.ended) throw nonsense(`status ${answer.status} with an endless body`);
  try {
    observed.code = envelopeSchema.parse(JSON.parse(new TextDecoder().decode(read.bytes))).error.code;
  } catch (cause) {
    throw nonsense('no envelope', cause);
  }
  return read.bytes;
};

const bodyOf = async (
  endpoint: Endpoint,
  answer: Response,
  observed: Pick<Observed, 'code'>,
): Promise<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null> => {
  const { status, headers } = answer;
  if (status < 200 || (status >= 300 && status < 400 && status !== 304)) throw nonsense(`status ${status}`);
  // The runner's 401 is about our grant, not about the caller, who has shown a good credential.
  if (status === 401) throw nonsense('the grant was refused');
  if (endpoint.method === 'HEAD' || withoutBody.includes(status)) return null;
  if (status >= 400) return errorBody(answer, observed);
  if (endpoint.response !== undefined && !isJson(headers) && headers.get('content-type') !== endpoint.alsoAs)
    throw nonsense(`status ${status} in another form than promised`);
  return answer.body;
};

/**
 * The runner's answer as the caller may see it, streamed.
 * @param observed is told the code of an error
 * @throws NexusError 502 `nexus.upstream_invalid`
 */
export const judgeAnswer = async (endpoint: Endpoint, answer: Response, observed: Pick<Observed, 'code'>): Promise<Response> => {
  try {
    return new Response(await bodyOf(endpoint, answer, observed), { status: answer.status, headers: headersToCaller(answer.headers) });
  } catch (error) {
    // An answer that nobody reads holds one of the isolate's few connections.
    await answer.body?.cancel().catch(() => undefined);
    throw error;
  }
};
