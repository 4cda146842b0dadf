/** Byte order marks, longest first: UTF-32LE begins like UTF-16LE. */
const marks: readonly { bytes: readonly number[]; label: string }[] = [
  { bytes: [0xff, 0xfe, 0, 0], label: 'utf-32le' },
  { bytes: [0, 0, 0xfe, 0xff], label: 'utf-32be' },
  { bytes: [0xef, 0xbb, 0xbf], label: 'utf-8' },
  { bytes: [0xff, 0xfe], label: 'utf-16le' },
  { bytes: [0xfe, 0xff], label: 'utf-16be' },
];

const sampleBytes = 4096;

/** Text without a mark: NULs at odd or even places mean UTF-16 of mostly Latin text. */
const guess = (bytes: Uint8Array): string | undefined => {
  const sample = bytes.subarray(0, sampleBytes);
  let even = 0;
  let odd = 0;
  sample.forEach((byte, index) => {
    if (byte !== 0) return;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  });
  const half = sample.length / 2;
  if (even === 0 && odd === 0) return 'utf-8';
  if (even === 0 && odd > half * 0.3) return 'utf-16le';
  if (odd === 0 && even > half * 0.3) return 'utf-16be';
  return undefined;
};

const decodeUtf32 = (bytes: Uint8Array, littleEndian: boolean): string | undefined => {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian);
    if (point > 0x10ffff) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
};

const decodeStrictly = (bytes: Uint8Array, label: string): string | undefined => {
  if (label.startsWith('utf-32')) return decodeUtf32(bytes, label === 'utf-32le');
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
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
 * Bytes → text, in any Unicode encoding with or without a byte order mark; what is none is read as Windows-1252, the
 * commonest of the old ones, if it looks like text at all.
 * @returns undefined when it does not; the mark itself is not part of the text
 */
export const decodeText = (bytes: Uint8Array): string | undefined => {
  const mark = marks.find(({ bytes: wanted }) => wanted.every((byte, index) => bytes[index] === byte));
  const label = mark?.label ?? guess(bytes);
  if (label === undefined) return undefined;
  const strict = decodeStrictly(bytes.subarray(mark?.bytes.length ?? 0), label);
  const text = strict ?? (mark === undefined ? new TextDecoder('windows-1252').decode(bytes) : undefined);
  return text !== undefined && looksLikeText(text) ? text : undefined;
};
