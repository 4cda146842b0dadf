import { basename } from 'node:path';
import { limits } from '../../../shared/limits.ts';
import type { Embedder } from '../../ports/embedder.ts';
import { serviceName, startOnnxModel } from './onnx-model.ts';
import { isFolder, type OnnxSettings } from './onnx-settings.ts';
import { type Patience, type PatientOptions, patientEmbedder } from './patient-embedder.ts';

/**
 * An ONNX model on this machine, through Transformers.js. Its dimension is learnt from a first vector.
 * @throws Error that tells the operator what to do
 */
export const onnxEmbedder = async (
  settings: OnnxSettings,
  options: Omit<PatientOptions, 'model' | 'dimension' | 'concurrency'>,
  patience: Omit<Patience, 'name'>,
): Promise<Embedder> => {
  const { dimension, ask } = await startOnnxModel(settings);
  if (dimension > limits.maxDimension)
    throw new Error(`NEXUS_ONNX_MODEL gives vectors of ${dimension} numbers; ${limits.maxDimension} is the most that a space holds`);
  const name = isFolder(settings.model) ? basename(settings.model) : settings.model;
  // One batch at a time, so that a query waits for one batch at most.
  return patientEmbedder(ask, { ...options, model: `onnx/${name}@${dimension}`, dimension, concurrency: 1 }, { ...patience, name: serviceName });
};
