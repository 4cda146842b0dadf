import type { HazeCluster } from '../shared/http/haze.ts';
import type { Place } from './cloud.ts';

/** More names than this hide the picture. */
const mostShown = 14;
/** Free pixels around a name. */
const margin = 4;
/** A name stands so far below the middle of its cluster, which it must not hide. Pixels. */
const drop = 12;

interface Label {
  cluster: HazeCluster;
  element: HTMLElement;
  width: number;
  height: number;
}

/** Names of clusters over the picture, the largest first where there is no room for all. The list beside it says the same in order. */
export class ClusterLabels {
  private readonly layer: HTMLElement;
  private labels: Label[] = [];

  constructor(layer: HTMLElement) {
    this.layer = layer;
  }

  show(clusters: readonly HazeCluster[]): void {
    const largest = clusters.toSorted((a, b) => b.points - a.points).filter(({ points, terms }) => points > 0 && terms.length > 0);
    const elements = largest.map(({ label }) => {
      const element = document.createElement('span');
      element.textContent = label;
      return element;
    });
    this.layer.replaceChildren(...elements);
    this.labels = largest.map((cluster, at) => {
      const element = elements[at] as HTMLElement;
      return { cluster, element, width: element.offsetWidth, height: element.offsetHeight };
    });
  }

  /** @param project from the map to the canvas; undefined for what is not seen */
  place(project: (place: Place) => { left: number; top: number } | undefined): void {
    // Once, before anything is moved: each question after it would lay the page out anew.
    const { clientWidth } = this.layer;
    const taken: { left: number; top: number; right: number; bottom: number }[] = [];
    for (const { cluster, element, width, height } of this.labels) {
      const at = taken.length < mostShown ? project(cluster) : undefined;
      const left = Math.min(Math.max(margin, (at?.left ?? 0) - width / 2), clientWidth - width - margin);
      const top = (at?.top ?? 0) + drop;
      const box = { left, top, right: left + width, bottom: top + height };
      const isFree = at !== undefined && taken.every((other) => left > other.right || box.right < other.left || top > other.bottom || box.bottom < other.top);
      element.style.visibility = isFree ? 'visible' : 'hidden';
      if (!isFree) continue;
      taken.push(box);
      element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }
  }
}
