/** Codes that a document which cannot be read may fail with. */
export type ExtractCode = 'nexus.unsupported_media_type' | 'nexus.validation_failed' | 'nexus.payload_too_large' | 'nexus.timeout';

/** A document that cannot be read: told to its owner, and no other document fails with it. */
export class ExtractError extends Error {
  override readonly name = 'ExtractError';
  readonly code: ExtractCode;

  constructor(code: ExtractCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a library cannot make sense of. The library's own words stay in the log. */
export const brokenFile = (format: string, cause: unknown): ExtractError =>
  new ExtractError('nexus.validation_failed', `The file is broken: it cannot be read as ${format}. Save it anew and send it again.`, { cause });
