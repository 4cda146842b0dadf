import { WriteConflictError } from '../ports/vector-store.ts';

/** Somebody else committed in between: what we made is not what we think it is, so it is not published. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

const attempts = 5;

/** A conflict says that the work was done on what is no longer true: it is done again on what is. */
export const retryConflicts = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof WriteConflictError) || attempt === attempts) throw error;
    }
  }
};

/** Every engine call of a commit must follow directly on the one before. @throws ConflictError */
export const expectNext = (before: number, after: number): number => {
  if (after !== before + 1) throw new ConflictError(`version ${after} came after ${before}: somebody else committed`);
  return after;
};
