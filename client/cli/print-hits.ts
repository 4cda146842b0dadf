import type { Hit } from '../../shared/http/query.ts';
import { limits } from '../../shared/limits.ts';
import { printable } from './command.ts';

const indent = '    ';

const wrapped = (text: string): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limits.cliSnippetWidth) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
};

const snippet = (text: string): string => {
  const flat = printable(text).replace(/\s+/g, ' ').trim();
  return flat.length <= limits.cliSnippetChars ? flat : `${flat.slice(0, limits.cliSnippetChars).trimEnd()}…`;
};

/** What a person would look for: the title, or where it came from; not the doc_id again. */
const labelOf = ({ doc_id, metadata, source_uri, page }: Hit): string => {
  const name = [metadata?.title, source_uri, metadata?.path].find((candidate) => typeof candidate === 'string' && candidate !== '' && candidate !== doc_id);
  return [...(name === undefined ? [] : [String(name)]), ...(page === undefined ? [] : [`page ${page}`])].join(', ');
};

/**
 * One hit for reading: rank, score, scope, `doc_id#chunk`, label; then the beginning of its text.
 * @param rank from 1
 */
export const hitText = (hit: Hit, rank: number): string => {
  const label = labelOf(hit);
  const head = `${String(rank).padStart(2)}  ${hit.score.toFixed(4)}  ${hit.source_scope.padEnd(6)}  ${hit.doc_id}#${hit.chunk}${label === '' ? '' : `  ${label}`}`;
  const body = wrapped(snippet(hit.text ?? '')).map((line) => `${indent}${line}`);
  return `${[printable(head).replaceAll('\n', ' '), ...body].join('\n')}\n\n`;
};
