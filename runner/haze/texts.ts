import type { Metadata } from '../../shared/events.ts';
import { limits } from '../../shared/limits.ts';

/** Keys under which metadata often holds a name for people. */
const titleKeys = ['title', 'name', 'subject', 'headline'];

/** Cut between code points, blanks joined. */
const cut = (text: string, chars: number): string => {
  const joined = text
    .slice(0, 4 * chars)
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (joined.length <= chars) return joined;
  return `${joined.slice(0, chars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
};

/** What a document calls itself, else its id. */
export const titleOf = (docId: string, metadata: string | null | undefined): string => {
  const given = (metadata == null ? {} : JSON.parse(metadata)) as Metadata;
  const key = titleKeys.find((name) => typeof given[name] === 'string' && given[name].trim() !== '');
  return cut(key === undefined ? docId : String(given[key]), limits.hazeTitleChars);
};

export const snippetOf = (text: string | null | undefined): string => cut(text ?? '', limits.hazeSnippetChars);
