import { extname } from 'node:path';

const byExtension: Record<string, string> = {
  '.txt': 'text/plain',
  '.text': 'text/plain',
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.xhtml': 'text/html',
  '.pdf': 'application/pdf',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.json': 'application/json',
};

/** A guess by name; the runner looks at the bytes and refuses what it cannot read. */
export const mediaTypeOf = (path: string): string => byExtension[extname(path).toLowerCase()] ?? 'application/octet-stream';
