import { readFileSync } from 'node:fs';
import type { Block } from '../../runner/chunk/blocks.ts';
import { extract } from '../../runner/extract/extract.ts';
import { ExtractError } from '../../runner/extract/extract-error.ts';

export interface ReadFile {
  title: string | undefined;
  text: string;
  markdown: boolean;
  /** What each page says, without the blank lines before it. */
  pages: Record<number, string>;
  headings: string[];
  blocks: (Omit<Block, 'start' | 'end'> & { text: string })[];
}

/** All of a file, as its format gives it. */
export const readFile = async (bytes: Uint8Array, mediaType = 'application/octet-stream', name = ''): Promise<ReadFile> => {
  const { title, parts } = await extract({ bytes, mediaType, name });
  const read: ReadFile = { title, text: '', markdown: false, pages: {}, headings: [], blocks: [] };
  for await (const { text, markdown = false, blocks = [], page } of parts) {
    read.text += text;
    read.markdown ||= markdown;
    if (page !== undefined) read.pages[page] = text.trim();
    for (const { start, end, ...kind } of blocks) read.blocks.push({ text: text.slice(start, end), ...kind });
  }
  read.headings = read.blocks.flatMap(({ text, heading }) => (heading === undefined ? [] : [`${heading} ${text}`]));
  return read;
};

export const exampleFile = (name: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(new URL(`../documents/${name}`, import.meta.url)));

/** The refusal of a file: its code and what it says. @throws what is no refusal */
export const refusalOf = async (bytes: Uint8Array, mediaType?: string, name?: string): Promise<{ code: string; message: string } | undefined> => {
  try {
    await readFile(bytes, mediaType, name);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExtractError)) throw error;
    return { code: error.code, message: error.message };
  }
};
