import { WriteConflictError } from '../../ports/vector-store.ts';
import { asOurs } from './engine-errors.ts';

/**
 * Runs a write, and tells a lost race from a failure by what lies on disk, not by the engine's words: those differ by
 * operation, and where two begin one table at once it stops with an "internal error".
 * @param before the newest version when the work was decided, 0 where there was none
 * @param newest the newest version now
 * @throws WriteConflictError when it failed and somebody else has committed meanwhile
 */
export const writing = async <T>(before: number, newest: () => Promise<number>, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if ((await newest()) > before) throw new WriteConflictError('somebody else committed', { cause: error });
    throw asOurs(error);
  }
};
