/** One line of a picture: its own unit and its own scale, at the left or at the right. */
export interface Line {
  name: string;
  unit: string;
  colour: string;
  values: readonly number[];
}

const [width, height, margin] = [900, 340, 64];
const steps = 4;

/** A number a little above all values, so that a line does not lie on the edge. */
const topOf = ({ values }: Line): number => {
  const most = Math.max(1, ...values) * 1.1;
  const step = 10 ** Math.floor(Math.log10(most / steps));
  return Math.ceil(most / steps / step) * step * steps;
};

const drawn = (line: Line, timesMin: readonly number[], side: 'left' | 'right'): string => {
  const top = topOf(line);
  const last = Math.max(1e-9, ...timesMin);
  const x = (at: number): number => margin + ((width - 2 * margin) * at) / last;
  const y = (value: number): number => height - margin / 2 - ((height - margin) * value) / top;
  const points = line.values.map((value, index) => `${x(timesMin[index] ?? 0).toFixed(1)},${y(value).toFixed(1)}`);
  const [labelX, anchor] = side === 'left' ? [margin - 8, 'end'] : [width - margin + 8, 'start'];
  const labels = Array.from({ length: steps + 1 }, (_, step) => {
    const value = (top / steps) * step;
    return `<text x="${labelX}" y="${y(value) + 4}" text-anchor="${anchor}" fill="${line.colour}">${Math.round(value)}</text>`;
  });
  return [
    ...labels,
    `<text x="${side === 'left' ? margin : width - margin}" y="16" text-anchor="${side === 'left' ? 'start' : 'end'}" fill="${line.colour}">${line.name}, ${line.unit}</text>`,
    `<polyline fill="none" stroke="${line.colour}" stroke-width="1.5" points="${points.join(' ')}"/>`,
  ].join('\n');
};

/** Two things over time as an SVG, both from zero: a line that is flat looks flat. */
export const pictureOf = (title: string, timesMin: readonly number[], left: Line, right: Line): string => {
  const lastMin = Math.max(0, ...timesMin);
  const grid = Array.from({ length: steps + 1 }, (_, step) => {
    const y = height - margin / 2 - ((height - margin) / steps) * step;
    const x = margin + ((width - 2 * margin) / steps) * step;
    return `<line x1="${margin}" x2="${width - margin}" y1="${y}" y2="${y}" stroke="#ddd"/><text x="${x}" y="${height - 10}" text-anchor="middle" fill="#555">${((lastMin / steps) * step).toFixed(1)} min</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${grid.join('\n')}
${drawn(left, timesMin, 'left')}
${drawn(right, timesMin, 'right')}
</svg>
`;
};
