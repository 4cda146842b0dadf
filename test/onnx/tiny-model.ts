import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A model that can be worked out by hand: each word of its vocabulary has a vector, and a text is their mean. */

export const dimension = 8;
/** Words of a text after this many are cut off. */
export const maxWords = 6;
export const words = ['[PAD]', '[UNK]', 'query', 'passage', ':', 'red', 'green', 'blue', 'hello', 'nowhere', 'crash'];
/** `nowhere` has no direction; `crash` has no row at all, so that the model fails on it. */
const rows = words.length - 1;

/** Row of a word: numbers without a pattern, the same each time. */
export const rowOf = (word: string): number[] => {
  const id = words.includes(word) ? words.indexOf(word) : 1;
  if (word === 'nowhere') return new Array(dimension).fill(Number.NaN);
  return Array.from({ length: dimension }, (_, at) => Math.fround(Math.sin(1 + id * 12.9898 + at * 78.233)));
};

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
/** Protocol buffers: a number, or bytes with their length. */
const number = (field: number, value: number): Buffer => Buffer.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, ...parts: (Uint8Array | string)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
};

const [float, int64] = [1, 7];
/** ValueInfoProto: a tensor whose dimensions are names or numbers. */
const tensor = (field: number, name: string, type: number, shape: readonly (string | number)[]): Buffer => {
  const dims = shape.map((dim) => bytes(1, typeof dim === 'string' ? bytes(2, dim) : number(1, dim)));
  return bytes(field, bytes(1, name), bytes(2, bytes(1, number(1, type), bytes(2, ...dims))));
};

/** ModelProto with one node: Gather(embeddings, input_ids) → last_hidden_state. */
const onnxModel = (): Buffer => {
  const table = Buffer.from(Float32Array.from(words.slice(0, rows).flatMap(rowOf)).buffer);
  const graph = [
    bytes(1, bytes(1, 'embeddings'), bytes(1, 'input_ids'), bytes(2, 'last_hidden_state'), bytes(4, 'Gather')),
    bytes(2, 'tiny'),
    bytes(5, number(1, rows), number(1, dimension), number(2, float), bytes(8, 'embeddings'), bytes(9, table)),
    ...['input_ids', 'attention_mask'].map((name) => tensor(11, name, int64, ['batch', 'words'])),
    tensor(12, 'last_hidden_state', float, ['batch', 'words', dimension]),
  ];
  return Buffer.concat([number(1, 8), bytes(7, ...graph), bytes(8, bytes(1, ''), number(2, 17))]);
};

const tokenizer = {
  ...{ version: '1.0', truncation: null, padding: null, post_processor: null, decoder: null },
  added_tokens: ['[PAD]', '[UNK]'].map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '[UNK]' },
};

/** @param limitOf where the model's longest text is stated */
export const writeTinyModel = async (folder: string, limitOf: 'tokenizer' | 'model'): Promise<string> => {
  const tokenizerConfig = {
    ...{ tokenizer_class: 'PreTrainedTokenizerFast', pad_token: '[PAD]', unk_token: '[UNK]' },
    ...(limitOf === 'tokenizer' ? { model_max_length: maxWords } : {}),
  };
  const config = { model_type: 'bert', hidden_size: dimension, max_position_embeddings: limitOf === 'model' ? maxWords : 512 };
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx/model.onnx'), onnxModel());
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
};
