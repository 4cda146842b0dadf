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

/** The first heading of a Markdown file, if its bytes are UTF-8; its text stays for the runner to read. */
const headingOf = (bytes: Uint8Array): string | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /^# +(.{1,200}?)[ #]*$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
};

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

/** Documents of one file: the lines of a `.jsonl`, the entries of a `.json` that holds documents, else the file itself. */
export async function* readDocuments(file: FoundFile, upload: Upload): AsyncGenerator<DocumentOrRefusal> {
  const extension = extname(file.path).toLowerCase();
  if (extension === '.jsonl') return yield* linesOf(file);
  if (extension === '.json' && file.bytes <= limits.blobBytes) {
    const documents = documentsOfJson((await readFile(file.path, 'utf8')).replace(/^\uFEFF/, ''));
    if (documents !== undefined) return yield* documents.map((document) => ({ document }));
  }
  yield await documentOfFile(file, upload);
}
