import type { HazeCluster, HazeFound } from '../shared/http/haze.ts';
import type { Place } from './cloud.ts';

/** More names than this hide the picture. */
const mostShown = 14;
/** Free pixels at the sides. */
const margin = 4;

export interface Label {
  text: string;
  at: Place;
}

/** The largest clusters first. */
export const clusterLabels = (clusters: readonly HazeCluster[]): Label[] =>
  clusters
    .filter(({ points, terms }) => points > 0 && terms.length > 0)
    .sort((a, b) => b.points - a.points)
    .map((cluster) => ({ text: cluster.label, at: cluster }));

/** The best hits first. */
export const rankLabels = (hits: readonly HazeFound[]): Label[] =>
  hits.flatMap(({ rank, x, y, z }) => (x === null || y === null || z === null ? [] : [{ text: String(rank), at: { x, y, z } }]));

/** Words over the picture, the first ones where there is no room for all. The lists beside it say the same in order. */
export class Labels {
  private readonly layer: HTMLElement;
  private readonly below: number;
  private shown: (Label & { element: HTMLElement; width: number; height: number })[] = [];

  /** @param below how far under its place a label's middle stands, in pixels */
  constructor(layer: HTMLElement, below: number) {
    this.layer = layer;
    this.below = below;
  }

  show(labels: readonly Label[]): void {
    const elements = labels.map(({ text }) => {
      const element = document.createElement('span');
      element.textContent = text;
      return element;
    });
    this.layer.replaceChildren(...elements);
    this.shown = labels.map((label, index) => {
      const element = elements[index] as HTMLElement;
      return { ...label, element, width: element.offsetWidth, height: element.offsetHeight };
    });
  }

  /** @param project from the map to the canvas; undefined for what is not seen */
  place(project: (place: Place) => { left: number; top: number } | undefined): void {
    // Once, before anything is moved: each question after it would lay the page out anew.
    const { clientWidth } = this.layer;
    const taken: { left: number; top: number; right: number; bottom: number }[] = [];
    for (const { at, element, width, height } of this.shown) {
      const seen = taken.length < mostShown ? project(at) : undefined;
      const left = Math.min(Math.max(margin, (seen?.left ?? 0) - width / 2), clientWidth - width - margin);
      const top = (seen?.top ?? 0) + this.below - height / 2;
      const box = { left, top, right: left + width, bottom: top + height };
      const isFree = seen !== undefined && taken.every((other) => left > other.right || box.right < other.left || top > other.bottom || box.bottom < other.top);
      element.style.visibility = isFree ? 'visible' : 'hidden';
      if (!isFree) continue;
      taken.push(box);
      element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }
  }
}
