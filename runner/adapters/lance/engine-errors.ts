import { StorageUnavailableError } from '../../ports/blobs.ts';
import { OutOfTimeError, VersionGoneError } from '../../ports/vector-store.ts';

/** The engine's errors are texts. These name an object store that refused, broke off, or was not there. */
const storeFailed = /Generic (GCS|S3|MicrosoftAzure) error|store: "(GCS|S3|MicrosoftAzure)"/;
const diskFull = /\(os error (28|122)\)/;

/** Errors of the engine as ours, as far as they are known. */
export const asOurs = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { message } = error;
  if (/query timeout after/i.test(message)) return new OutOfTimeError('the search took too long', { cause: error });
  if (diskFull.test(message)) return Object.assign(new StorageUnavailableError('the disk is full', { cause: error }), { code: 'ENOSPC' });
  return storeFailed.test(message) && !/not found/i.test(message) ? new StorageUnavailableError('the object store does not answer', { cause: error }) : error;
};

/** When reading: a file that a manifest names and that is not there means that the version was pruned. */
export const asOursWhenReading = (error: unknown): unknown => {
  const ours = asOurs(error);
  return ours === error && error instanceof Error && /not found/i.test(error.message) ? new VersionGoneError('the version is gone', { cause: error }) : ours;
};
