import { NexusError, toNexusError } from '../../shared/errors.ts';
import { ConditionsIgnoredError, StorageUnavailableError } from '../ports/blobs.ts';
import { OutOfTimeError } from '../ports/vector-store.ts';
import { SpaceBusyError } from '../store/commit-queue.ts';

const diskFull = new Set(['ENOSPC', 'EDQUOT']);

/** Errors of our own rooms as the contract's; what is unknown never speaks. */
export const asNexusError = (error: unknown): NexusError => {
  if (error instanceof SpaceBusyError)
    return new NexusError('nexus.overloaded', 'Another process is writing to this space. Try again.', { cause: error, retryAfterSeconds: 1 });
  if (error instanceof OutOfTimeError)
    return new NexusError('nexus.timeout', 'The search took longer than its time. Try again, or ask for less at once.', { cause: error });
  if (diskFull.has((error as { code?: string }).code ?? ''))
    return new NexusError('nexus.overloaded', 'Storage is full. Try again later.', { cause: error, retryAfterSeconds: 30 });
  if (error instanceof StorageUnavailableError)
    return new NexusError('nexus.upstream_unavailable', 'The object store does not answer. Try again.', { cause: error, retryAfterSeconds: 1 });
  if (error instanceof ConditionsIgnoredError)
    return new NexusError(
      'nexus.upstream_unavailable',
      'The object store of this route cannot be written to safely. An operator has to give the route another one.',
      {
        cause: error,
        retryAfterSeconds: 60,
      },
    );
  return toNexusError(error);
};
