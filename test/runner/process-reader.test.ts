import { spawn } from 'node:child_process';
import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { processReader } from '../../runner/adapters/reading/process-reader.ts';
import { readIn } from '../../runner/adapters/reading/reading.ts';
import { ExtractError } from '../../runner/extract/extract-error.ts';
import type { Passages } from '../../runner/extract/read-passages.ts';
import type { Source } from '../../runner/extract/source.ts';
import type { Log } from '../../runner/ports/log.ts';
import type { Reader } from '../../runner/ports/reader.ts';
import { bytesOf, column, docxOf, paragraph, pdfOf } from './file-makers.ts';
import { exampleFile } from './read-file.ts';

const MiB = 1024 * 1024;
const bounds = { processes: 1, timeoutMs: 120_000, idleMs: 60_000, heapBytes: 384 * MiB, memoryBytes: 640 * MiB };

let logged: string[] = [];
const keep = (event: string): void => void logged.push(event);
const log: Log = { info: keep, warn: keep, error: keep };
afterEach(() => {
  logged = [];
});

const file = (bytes: Uint8Array): Source => ({ bytes, mediaType: '', name: '' });

/** A document's text, or the code of its refusal. */
const read = async (reader: Reader, source: Source): Promise<string> => {
  let text = '';
  try {
    for await (const passages of reader.read(source, {})) text += passages.text;
    return text;
  } catch (error) {
    if (error instanceof ExtractError) return error.code;
    throw error;
  }
};

/** A Word document that says it unpacks to a thousand bytes, and unpacks to so many. */
const understated = (unpackedBytes: number): Uint8Array => {
  const packed = deflateRawSync(Buffer.alloc(unpackedBytes), { level: 1 });
  const name = Buffer.from('word/document.xml');
  const said = Buffer.alloc(28);
  // Version 2.0, deflate; then sizes and the name's length (PKWARE's appnote, 4.3.7).
  said.writeUInt16LE(20, 0);
  said.writeUInt16LE(8, 4);
  said.writeUInt32LE(packed.length, 14);
  said.writeUInt32LE(1000, 18);
  said.writeUInt16LE(name.length, 22);
  const start = Buffer.concat([Buffer.from('PK\u0003\u0004'), said.subarray(0, 26), name, packed]);
  const entry = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), said, Buffer.alloc(12), name]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(start.length, 12);
  return Buffer.concat([start, entry, Buffer.from('PK\u0005\u0006'), end]);
};

describe('reading in a process', () => {
  test('gives what reading in place gives: text, chunks, pages, headings', async () => {
    const reader = processReader(bounds, log);
    const pdf = pdfOf([[['Head', 72, 740, 20], ...column(['One line of many words.', 'Two.'], 72, 700)], [['Page two.', 72, 700]]], { title: 'Title' });
    const found = [];
    for await (const passages of reader.read(file(pdf), {})) found.push(passages);
    expect(found).toEqual([
      {
        text: 'Head\n\nOne line of many words. Two.\n\nPage two.',
        chunks: [
          { start: 0, end: 34, headings: ['Title', 'Head'], page: 1 },
          { start: 36, end: 45, headings: ['Title', 'Head'], page: 2 },
        ],
      },
    ]);
  });

  test('every refusal reaches its owner, and the process reads on', async () => {
    const reader = processReader(bounds, log);
    expect(await read(reader, file(exampleFile('password.pdf')))).toBe('nexus.validation_failed');
    expect(await read(reader, file(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 1)))).toBe('nexus.unsupported_media_type');
    expect(await read(reader, { text: 'a text' })).toBe('a text');
    expect(logged).not.toContain('reading.process_ended');
  });

  test('many documents at once all come back, each with its own text', async () => {
    const reader = processReader({ ...bounds, processes: 2 }, log);
    const names = Array.from({ length: 40 }, (_, index) => `Document number ${index}.`);
    expect(await Promise.all(names.map((name, index) => read(reader, index % 2 === 0 ? { text: name } : file(docxOf(paragraph(name))))))).toEqual(names);
  });

  test('bytes that lie among others are read as if they were alone', async () => {
    const reader = processReader(bounds, log);
    const others = Buffer.concat([Buffer.from('before'), Buffer.from('the document'), Buffer.from('after')]);
    expect(await read(reader, file(others.subarray(6, 18)))).toBe('the document');
    expect(others.toString()).toBe('beforethe documentafter');
  });

  test('a document that nobody wants to the end is left, and the next one is read', async () => {
    const reader = processReader(bounds, log);
    const stream = reader.read(file(pdfOf(Array.from({ length: 3000 }, (_, index) => [[`Page ${index} has words.`, 72, 700]]))), {});
    for await (const { text } of stream) {
      expect(text).toContain('Page 0');
      break;
    }
    expect(await read(reader, { text: 'the next' })).toBe('the next');
  });

  test('a process that has nothing to do leaves, and another one comes', async () => {
    const reader = processReader({ ...bounds, idleMs: 0 }, log);
    for (const text of ['one', 'two', 'three']) {
      expect(await read(reader, { text })).toBe(text);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});

describe('a process that is ended from outside', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('by %s fails no document: its request comes again', async (signal) => {
    const reader = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    let isUsable: Promise<boolean> | undefined;
    const passages = new ReadableStream<Passages>({
      start(controller) {
        const request = { source: { text: 'a text' }, chunking: {} };
        isUsable = readIn(reader, { request, passages: controller, signal: new AbortController().signal, timeoutMs: 60_000 }, log);
      },
    });
    reader.kill(signal);
    await expect(passages.getReader().read()).rejects.toMatchObject({ code: 'nexus.overloaded', status: 503 });
    expect(await isUsable).toBe(false);
  });
});

describe('a document that would do harm is ended, it alone', () => {
  test('when it takes too long', async () => {
    const reader = processReader({ ...bounds, timeoutMs: 15_000 }, log);
    // Each end tag looks for its beginning through all that is open.
    const endless = bytesOf(`<!doctype html>${'<div>'.repeat(19_000)}${'</b>'.repeat(5_000_000)}`);
    const [first, second] = await Promise.all([read(reader, file(endless)), read(reader, { text: 'harmless' })]);
    expect([first, second]).toEqual(['nexus.timeout', 'harmless']);
  });

  test('when it takes more memory than it may', async () => {
    const reader = processReader({ ...bounds, heapBytes: 64 * MiB }, log);
    const large = bytesOf(`[${'{},'.repeat(7 * MiB)}1]`);
    const [first, second] = await Promise.all([read(reader, file(large)), read(reader, { text: 'harmless' })]);
    expect([first, second]).toEqual(['nexus.payload_too_large', 'harmless']);
    expect(logged).toContain('reading.process_ended');
  });

  test('when it unpacks to more than it says and may', async () => {
    const reader = processReader({ ...bounds, memoryBytes: 256 * MiB }, log);
    const bomb = understated(300 * MiB);
    expect(bomb.length).toBeLessThan(4 * MiB);
    const [first, second] = await Promise.all([read(reader, file(bomb)), read(reader, { text: 'harmless' })]);
    expect([first, second]).toEqual(['nexus.payload_too_large', 'harmless']);
  });
});
