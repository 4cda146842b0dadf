import type { Io } from '../command.ts';

const barWidth = 28;

/** One line that is drawn over itself, on a terminal only. */
export class Progress {
  private readonly io: Io;
  private drawn = false;

  constructor(io: Io) {
    this.io = io;
  }

  draw(label: string, done: number, total: number, unit: string): void {
    if (!this.io.interactive) return;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░');
    this.io.err(`\r\u001b[K${label} ${bar} ${Math.round(share * 100)} %  ${done}/${total} ${unit}`);
    this.drawn = true;
  }

  clear(): void {
    if (this.drawn) this.io.err('\r\u001b[K');
    this.drawn = false;
  }
}
