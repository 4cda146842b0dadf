import { RefusedTextError } from '../../ports/embedder.ts';
import { ServiceError } from '../inference/service-error.ts';

type Embed = (texts: readonly string[]) => Promise<(Float32Array | RefusedTextError)[]>;

/** What no model can object to: when even this fails, it is not the texts. */
const harmless = 'hello';

/** A bad text is answered so, and an overburdened service too (424: TEI, whose model failed). */
const breaksDown = ({ status }: ServiceError): boolean => status === 500 || status === 424;

/** May be said of a text as well as of the service itself. */
const isVague = (error: ServiceError): boolean => error.failure === 'unreadable' || breaksDown(error);

/** Answers that one bad text can bring upon its whole batch. */
const suspicious = (error: unknown): error is ServiceError =>
  error instanceof ServiceError && (error.failure === 'unreadable' || breaksDown(error) || [400, 413, 422].includes(error.status ?? 0));

const whyRefused = (error: ServiceError): string =>
  error.failure === 'unreadable' ? 'its answer to it makes no sense' : breaksDown(error) ? 'it fails on it' : `it answers ${error.status}`;

/**
 * Embeds batches so that a text which spoils its batch is refused alone: the batch is halved until the text is found.
 * A refusal is believed only of a service that takes a harmless text, so that a wrong setting or an outage, which may
 * answer in the same way, never condemns a document.
 * @throws what the harmless text met
 */
export const splitting = (embed: Embed): Embed => {
  let known: Promise<unknown> | undefined;
  /** Throws when the service gives no usable vector for the harmless text either. */
  const control = async (again: boolean): Promise<void> => {
    if (again || known === undefined) known = embed([harmless]).then(([vector]) => vector);
    if ((await known) instanceof RefusedTextError) throw new ServiceError('the embedding service', 'unreadable');
  };

  /** An outage may have ended between the text and the harmless one: what is blamed has failed before it and after it. */
  const onceMore: Embed = async (texts) => {
    try {
      return await embed(texts);
    } catch (error) {
      if (!suspicious(error)) throw error;
      await control(isVague(error));
      return [new RefusedTextError(whyRefused(error))];
    }
  };

  const embedAll: Embed = async (texts) => {
    try {
      const vectors = await embed(texts);
      if (vectors.some((vector) => vector instanceof RefusedTextError)) await control(false);
      return vectors;
    } catch (error) {
      if (!suspicious(error)) throw error;
      await control(isVague(error) && texts.length === 1);
      if (texts.length === 1) return onceMore(texts);
      const middle = Math.ceil(texts.length / 2);
      return (await Promise.all([embedAll(texts.slice(0, middle)), embedAll(texts.slice(middle))])).flat();
    }
  };
  return embedAll;
};
