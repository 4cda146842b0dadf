/** To the model's process: texts, prefixes included. */
export interface OnnxRequest {
  id: number;
  texts: readonly string[];
}

/** From the model's process. First `loaded` or `unusable`, once; then an answer to each request. */
export type OnnxMessage =
  | { kind: 'loaded'; dimension: number }
  /** `missing`: the package is not there, or in another version. */
  | { kind: 'unusable'; missing: boolean; cause: string }
  | { kind: 'vectors'; id: number; vectors: Float32Array[] }
  | { kind: 'failed'; id: number; cause: string };
