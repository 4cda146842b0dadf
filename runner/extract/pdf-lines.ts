/** A run of letters of a page, as pdf.js gives them: lengths in points, y upwards, at the letters' base line. */
export interface PdfItem {
  str: string;
  transform: readonly number[];
  width: number;
  height: number;
  hasEOL: boolean;
}

/** A line of letters as it stands on the page. */
export interface PdfLine {
  text: string;
  x: number;
  y: number;
  right: number;
  /** Of its largest letters. */
  height: number;
  /** False for what runs up the margin. */
  upright: boolean;
}

/** Whether a run goes on in a line: on about the same base line (raised marks are on it too), further right. */
const goesOn = (line: PdfLine, x: number, y: number, height: number): boolean =>
  Math.abs(y - line.y) < 0.5 * Math.max(line.height, height) && x >= line.right - 0.5 * line.height;

/** A gap of a quarter of the letters' height is a blank that nobody wrote. */
const blankBetween = (line: PdfLine, x: number, height: number): string =>
  x - line.right > 0.25 * Math.max(line.height, height) && !/\s$/.test(line.text) ? ' ' : '';

/** Runs → lines, in the order in which the page's author has put them down. */
export const linesOf = (items: readonly PdfItem[]): PdfLine[] => {
  const lines: PdfLine[] = [];
  let line: PdfLine | undefined;
  let isEnded = false;
  for (const { str, transform, width, height, hasEOL } of items) {
    const [along = 0, up = 0, , , x = 0, y = 0] = transform;
    if (str.trim() !== '') {
      if (line !== undefined && (!isEnded || goesOn(line, x, y, height))) {
        const raised = height < 0.9 * line.height;
        line = Object.assign(line, {
          text: `${line.text}${blankBetween(line, x, height)}${str}`,
          right: Math.max(line.right, x + width),
          height: Math.max(line.height, height),
          ...(raised ? {} : { y }),
        });
      } else {
        line = { text: str, x, y, right: x + width, height, upright: Math.abs(up) < Math.abs(along) };
        lines.push(line);
      }
      isEnded = false;
    } else if (str !== '' && line !== undefined && !/\s$/.test(line.text)) line.text += ' ';
    isEnded ||= hasEOL;
  }
  return lines.map((found) => ({ ...found, text: found.text.trim() }));
};
