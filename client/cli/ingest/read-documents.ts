import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { NexusError } from '../../../shared/errors.ts';
import type { Metadata } from '../../../shared/events.ts';
import { documentSchema } from '../../../shared/http/ingest.ts';
import { parseWith } from '../../../shared/http/parse.ts';
import { limits } from '../../../shared/limits.ts';
import { type DocumentOrRefusal, documentOfLine, documentsOfJson, refusal } from './json-documents.ts';
import type { FoundFile } from './list-files.ts';
import { mediaTypeOf } from './media-type.ts';

/** Stores a file that is too large for a request. @returns what its document says as `blob_ref` */
export type Upload = (name: string, bytes: Uint8Array<ArrayBuffer>, mediaType: string) => Promise<string>;

async function* linesOf(file: FoundFile): AsyncGenerator<DocumentOrRefusal> {
  const lines = createInterface({ input: createReadStream(file.path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number++;
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() !== '') yield documentOfLine(text, `${file.id}:${number}`);
  }
}

/** Undefined: the bytes are not UTF-8, and the runner may know better. */
const utf8Of = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** The first heading of a Markdown file, if its bytes are UTF-8; its text stays for the runner to read. */
const headingOf = (bytes: Uint8Array): string | undefined => /^# +(.{1,200}?)[ #]*$/m.exec(utf8Of(bytes) ?? '')?.[1];

const metadataOf = (file: FoundFile, bytes: Uint8Array): Metadata => {
  const title = mediaTypeOf(file.path) === 'text/markdown' ? headingOf(bytes) : undefined;
  return { path: file.id, ...(title === undefined ? {} : { title }) };
};

const documentOfFile = async (file: FoundFile, upload: Upload): Promise<DocumentOrRefusal> => {
  if (file.bytes > limits.blobBytes)
    return refusal(file.id, 'nexus.payload_too_large', `A file may have ${limits.blobBytes} bytes; this one has ${file.bytes}.`);
  const bytes = new Uint8Array(await readFile(file.path));
  const mediaType = mediaTypeOf(file.path);
  const named = { id: file.id, metadata: metadataOf(file, bytes) };
  try {
    if (bytes.length > limits.cliInlineFileBytes)
      return { document: parseWith(documentSchema, { ...named, blob_ref: await upload(file.id, bytes, mediaType) }) };
    const content = { media_type: mediaType, data_base64: Buffer.from(bytes).toString('base64') };
    return { document: parseWith(documentSchema, { ...named, content }) };
  } catch (error) {
    if (error instanceof NexusError) return refusal(file.id, error.code, error.message);
    throw error;
  }
};

async function* documentsIn(file: FoundFile, upload: Upload): AsyncGenerator<DocumentOrRefusal> {
  const extension = extname(file.path).toLowerCase();
  if (extension === '.jsonl') return yield* linesOf(file);
  if (extension === '.json' && file.bytes <= limits.blobBytes) {
    const text = utf8Of(await readFile(file.path));
    const documents = text === undefined ? undefined : documentsOfJson(text);
    if (documents !== undefined) return yield* documents.map((document) => ({ document }));
  }
  yield await documentOfFile(file, upload);
}

/**
 * Documents of one file: the lines of a `.jsonl`, the entries of a `.json` that holds documents, else the file itself. A file
 * that cannot be read is refused alone.
 */
export async function* readDocuments(file: FoundFile, upload: Upload): AsyncGenerator<DocumentOrRefusal> {
  try {
    yield* documentsIn(file, upload);
  } catch (error) {
    if (error instanceof SyntaxError) yield refusal(file.id, 'nexus.malformed_json', `It is not JSON: ${error.message.replace(/\s+/g, ' ')}.`);
    else if (typeof (error as NodeJS.ErrnoException).syscall === 'string')
      yield refusal(file.id, 'cli.unreadable', `It cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    else throw error;
  }
}
