import { NexusApiError } from '../client/index.ts';

/** A failure in words for people; the code helps whoever is asked about it. */
export const messageOf = (error: unknown): string => {
  if (error instanceof NexusApiError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
};
