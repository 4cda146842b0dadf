/** Byte order marks, longest first: UTF-32LE begins like UTF-16LE. */
const marks: readonly { bytes: readonly number[]; label: string }[] = [
  { bytes: [0xff, 0xfe, 0, 0], label: 'utf-32le' },
  { bytes: [0, 0, 0xfe, 0xff], label: 'utf-32be' },
  { bytes: [0xef, 0xbb, 0xbf], label: 'utf-8' },
  { bytes: [0xff, 0xfe], label: 'utf-16le' },
  { bytes: [0xfe, 0xff], label: 'utf-16be' },
];

const sampleBytes = 4096;

const blanksOf = (sample: Uint8Array, label: string): number => new TextDecoder(label).decode(sample).match(/[\t\n\r ]/g)?.length ?? 0;

/** By the blanks that nearly every text has; without any, by where the NULs of Latin letters stand. */
const utf16Of = (sample: Uint8Array): string => {
  const lead =
    blanksOf(sample, 'utf-16le') - blanksOf(sample, 'utf-16be') || sample.reduce((sum, byte, index) => sum + (byte === 0 ? (index % 2) * 2 - 1 : 0), 0);
  return lead >= 0 ? 'utf-16le' : 'utf-16be';
};

/** Whether the platform knows an encoding by this name (WHATWG Encoding Standard). */
const isKnown = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== 'replacement';
  } catch {
    return false;
  }
};

const escapeByte = 0x1b;

/**
 * What text without a mark may be encoded in, the likeliest first. NULs mean units of two or four bytes, or no text.
 * A declared encoding decides only what the bytes leave open: hardly a text of another one is by chance valid UTF-8,
 * except where escapes stand for all that is not ASCII (ISO-2022-JP).
 */
const guesses = (sample: Uint8Array, declared: string | undefined): string[] => {
  const known = declared !== undefined && isKnown(declared) ? [declared] : [];
  if (!sample.includes(0)) return sample.includes(escapeByte) ? [...known, 'utf-8', 'windows-1252'] : ['utf-8', ...known, 'windows-1252'];
  // Single bytes that look like text, but for a NUL or two, are something else.
  return looksLikeText(new TextDecoder('windows-1252').decode(sample)) ? [] : ['utf-32le', 'utf-32be', utf16Of(sample)];
};

const decodeUtf32 = (bytes: Uint8Array, littleEndian: boolean): string | undefined => {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
};

const decodeStrictly = (bytes: Uint8Array, label: string): string | undefined => {
  if (label.startsWith('utf-32')) return decodeUtf32(bytes, label === 'utf-32le');
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Share of control characters above which "text" of a single-byte encoding is taken for something else. */
const maxControlShare = 0.01;

const looksLikeText = (text: string): boolean => {
  const sample = text.slice(0, sampleBytes);
  const controls = sample.match(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g)?.length ?? 0;
  return controls <= sample.length * maxControlShare;
};

/**
 * Bytes → text, in any Unicode encoding with or without a byte order mark; what is none is read as it is declared, else
 * as Windows-1252, the commonest of the old ones, if it looks like text at all.
 * @param declared name of an encoding, from the file itself or from who sent it
 * @returns undefined when it does not; the mark itself is not part of the text
 */
export const decodeText = (bytes: Uint8Array, declared?: string): string | undefined => {
  const mark = marks.find(({ bytes: wanted }) => wanted.every((byte, index) => bytes[index] === byte));
  if (mark !== undefined) return textIn(bytes.subarray(mark.bytes.length), mark.label);
  for (const label of guesses(bytes.subarray(0, sampleBytes), declared)) {
    const text = textIn(bytes, label);
    // A wrong guess reads zeros as characters.
    if (text !== undefined && !text.slice(0, sampleBytes).includes('\0')) return text;
  }
  return undefined;
};

const textIn = (bytes: Uint8Array, label: string): string | undefined => {
  const text = decodeStrictly(bytes, label);
  return text !== undefined && looksLikeText(text) ? text : undefined;
};
