import { cursorInvalid } from '../../shared/errors.ts';
import { VersionGoneError } from '../ports/vector-store.ts';

const attempts = 3;

/**
 * A version may go between the look at the head and the read: its space was deleted. A walk that is bound to it ends;
 * anything else is read again at what is published by then.
 * @param isBound whether the read is of a cursor's version
 * @param read is told to look strongly when it is done again
 * @throws NexusError 410 for a bound read
 */
export const readAgainWhenGone = async <T>(isBound: boolean, read: (consistency?: 'strong') => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read(attempt === 1 ? undefined : 'strong');
    } catch (error) {
      if (!(error instanceof VersionGoneError)) throw error;
      if (isBound) throw cursorInvalid();
      if (attempt === attempts) throw error;
    }
  }
};
