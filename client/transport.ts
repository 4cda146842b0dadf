import { limits } from '../shared/limits.ts';
import { retrying } from '../shared/retry.ts';
import { apiErrorOf, NexusApiError, NexusConnectionError, NexusTimeoutError } from './errors.ts';
import { callWaitMs } from './retry.ts';

export interface CallOptions {
  /** Ends the call, its retries and waits; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** For one try; for `waitForTask`, for the whole wait. */
  timeoutMs?: number | undefined;
}

export interface Call extends CallOptions {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: string | Blob | Uint8Array<ArrayBuffer>;
  /** Doing it twice is the same as doing it once. */
  repeatable: boolean;
}

export interface TransportOptions {
  url: string;
  headers: Record<string, string>;
  fetch: typeof fetch;
  now: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Rejects with the signal's reason as soon as it is aborted. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

const reasonOf = (error: unknown): string => {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown };
  return String(cause?.code ?? cause?.message ?? message ?? error);
};

const withQuery = (path: string, query: Call['query'] = {}): string => {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) fields.set(name, String(value));
  return fields.size === 0 ? path : `${path}?${fields}`;
};

export class Transport {
  private readonly options: TransportOptions;

  /** @throws NexusConnectionError for what is no URL: trying again would not make it one */
  constructor(options: TransportOptions) {
    if (!/^https?:\/\//i.test(options.url) || !URL.canParse(options.url))
      throw new NexusConnectionError(`${options.url} is not a URL. Give that of the edge, such as http://127.0.0.1:8787.`);
    this.options = { ...options, url: options.url.replace(/\/+$/, '') };
  }

  /** @throws NexusApiError, NexusConnectionError, NexusTimeoutError, or the signal's reason */
  json<T>(call: Call): Promise<T> {
    return this.send(call, async (response) => (await response.json()) as T);
  }

  send<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    return retrying(
      () => this.tryOnce(call, read),
      (error, attempt) => (call.repeatable ? callWaitMs(error, attempt, Math.random()) : undefined),
      (ms) => this.options.sleep(ms, call.signal),
    );
  }

  sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.options.sleep(ms, signal);
  }

  now(): number {
    return this.options.now();
  }

  private async tryOnce<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const timeoutMs = call.timeoutMs ?? limits.clientTimeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    const headers = { ...this.options.headers, ...call.headers };
    try {
      const response = await this.options.fetch(`${this.options.url}${withQuery(call.path, call.query)}`, {
        method: call.method,
        headers,
        signal,
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      if (!response.ok) throw await apiErrorOf(response, this.options.now());
      return await read(response);
    } catch (error) {
      if (error instanceof NexusApiError) throw error;
      if (call.signal?.aborted) throw call.signal.reason;
      if (timeout.aborted) throw new NexusTimeoutError(`${this.options.url} did not answer within ${timeoutMs} ms.`, { cause: error });
      if (error instanceof SyntaxError)
        throw new NexusConnectionError(`${this.options.url} did not answer in JSON. Is it the URL of the edge?`, { cause: error });
      throw new NexusConnectionError(`Cannot reach ${this.options.url} (${reasonOf(error)}).`, { cause: error });
    }
  }
}
