import { isAbsolute } from 'node:path';

/** Which model is loaded, and how its vectors are made. */
export interface OnnxSettings {
  /** A folder, which is then all that is read, or the id of a model of the Hugging Face hub, which is loaded once and kept. */
  model: string;
  pooling: 'mean' | 'cls';
  /** Which of the model's files: `model.onnx`, `model_quantized.onnx`, … */
  dtype: string;
  /** Folder in whose `node_modules` the package lies. Undefined: the runner's own. */
  packages?: string | undefined;
}

/** Folders are told from ids by this alone, so that no download happens by mistake. */
export const isFolder = (model: string): boolean => isAbsolute(model);
