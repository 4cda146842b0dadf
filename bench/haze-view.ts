/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { createNexus, type Space } from '../client/index.ts';
import { launchBrowser } from '../test/browser/browser.ts';
import { type RunningStack, startStack } from '../test/stack/running-stack.ts';
import type { Figure } from './figures.ts';
import type { BenchOptions } from './main.ts';
import { clusteredVectors } from './vectors.ts';

const dimension = 384;
const perRequest = 1000;
const orbitMs = 4000;
const picks = 200;
const patienceMs = 300_000;

const fill = async (space: Space, vectors: readonly Float32Array[]): Promise<void> => {
  for (let from = 0; from < vectors.length; from += perRequest) {
    const documents = vectors.slice(from, from + perRequest).map((vector, at) => ({ id: `d${from + at}`, vector: Array.from(vector) }));
    await (await space.ingest({ documents })).wait({ timeoutMs: patienceMs });
  }
  await (await space.haze.snapshot()).wait({ timeoutMs: patienceMs });
};

/** Opens the space. @returns ms from the click to the first drawing, and to all points */
const open = (page: Page, points: number): Promise<{ first: number; all: number }> =>
  page.evaluate(async (wanted) => {
    const startedMs = performance.now();
    document.querySelector<HTMLButtonElement>('ul[aria-label=Spaces] button')?.click();
    const until = (isTrue: (data: DOMStringMap) => boolean): Promise<number> =>
      new Promise((resolve) => {
        const look = (): void => {
          const canvas = document.querySelector('canvas');
          if (canvas !== null && isTrue(canvas.dataset)) resolve(performance.now() - startedMs);
          else requestAnimationFrame(look);
        };
        look();
      });
    const first = await until(({ drawn }) => Number(drawn) > 0);
    return { first, all: await until(({ drawn }) => Number(drawn) === wanted) };
  }, points);

/**
 * Presses a key in every frame, which turns the picture or does nothing.
 * @returns frames a second, the longest frame in ms, and how many points the last ones drew
 */
const press = (page: Page, pressed: 'ArrowRight' | 'Shift'): Promise<{ fps: number; longest: number; drawn: number }> =>
  page.evaluate(
    ({ forMs, key }) =>
      new Promise((resolve, reject) => {
        const canvas = document.querySelector('canvas');
        if (canvas === null) return reject(new Error('there is no picture'));
        const times: number[] = [];
        const frame = (now: number): void => {
          times.push(now);
          const took = now - (times[0] ?? now);
          if (took < forMs) {
            canvas.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
            requestAnimationFrame(frame);
            return;
          }
          const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
          resolve({ fps: (gaps.length / took) * 1000, longest: Math.max(...gaps), drawn: Number(canvas.dataset.drawn) });
        };
        requestAnimationFrame(frame);
      }),
    { forMs: orbitMs, key: pressed },
  );

/** Points at places all over the picture. @returns ms that each move of the pointer held the page up */
const point = (page: Page): Promise<number[]> =>
  page.evaluate((count) => {
    const canvas = document.querySelector('canvas');
    if (canvas === null) throw new Error('there is no picture');
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return Array.from({ length: count }, (_, at) => {
      const where = { clientX: left + (width * ((at * 37) % count)) / count, clientY: top + (height * ((at * 71) % count)) / count };
      const startedMs = performance.now();
      canvas.dispatchEvent(new PointerEvent('pointermove', { ...where, bubbles: true }));
      return performance.now() - startedMs;
    });
  }, picks);

/** Most memory that the page's process has had, MiB; NaN where the system does not say. */
const pagePeakMiB = async (browser: Browser): Promise<number> => {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => {
      try {
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) / 1024;
      } catch {
        return Number.NaN;
      }
    });
  return Math.max(...peaks);
};

const viewOf = async (stack: RunningStack, points: number): Promise<Figure[]> => {
  const token = await stack.token({ tenant: `t_view_${points}` });
  await fill(createNexus({ url: stack.edge, token }).space('map'), clusteredVectors(points, dimension, 1));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(patienceMs);
    // The compiler of this file names functions by a helper, which the page has not.
    await page.addInitScript('globalThis.__name = (named) => named');
    await page.goto(stack.edge);
    await page.fill('input[name=token]', token);
    await page.click('button[type=submit]');
    await page.waitForSelector('ul[aria-label=Spaces] button');
    const opened = await open(page, points);
    // Where others are at work, the page at rest has few frames as well: the two are to be read together.
    const atRest = await press(page, 'Shift');
    const rounds = [await press(page, 'ArrowRight'), await press(page, 'ArrowRight'), await press(page, 'ArrowRight')];
    await page.waitForFunction((wanted) => Number(document.querySelector('canvas')?.dataset.drawn) === wanted, points);
    const pointed = await point(page);
    const bench = `haze-view ${points.toLocaleString('en')} × ${dimension}`;
    return [
      { bench, what: 'first picture after the click', unit: 'ms', rounds: [opened.first] },
      { bench, what: 'all points after the click', unit: 'ms', rounds: [opened.all] },
      { bench, what: 'frames at rest', unit: '/s', rounds: [atRest.fps] },
      { bench, what: 'frames while orbiting', unit: '/s', rounds: rounds.map(({ fps }) => fps) },
      { bench, what: 'longest frame while orbiting', unit: 'ms', rounds: rounds.map(({ longest }) => longest) },
      { bench, what: 'points drawn while orbiting, at the end', unit: '', rounds: rounds.map(({ drawn }) => drawn) },
      { bench, what: 'a move of the pointer, median', unit: 'ms', rounds: [pointed.toSorted((a, b) => a - b)[picks / 2] ?? Number.NaN] },
      { bench, what: 'a move of the pointer, longest: the first after a turn', unit: 'ms', rounds: [Math.max(...pointed)] },
      { bench, what: "most memory of the page's process", unit: 'MiB', rounds: [await pagePeakMiB(browser)] },
    ];
  } finally {
    await browser.close();
  }
};

/**
 * The viewer in a real Chromium, which draws in software (SwiftShader): how soon a map is there, how smoothly it turns, what a
 * look at a point costs. @throws when there is no Chromium
 */
export const hazeView = async ({ quick }: BenchOptions): Promise<Figure[]> => {
  // Fails before minutes of loading.
  await (await launchBrowser()).close();
  const stack = await startStack({ env: { NEXUS_HAZE: 'manual' } });
  try {
    const figures: Figure[] = [];
    for (const points of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) figures.push(...(await viewOf(stack, points)));
    return figures;
  } finally {
    await stack.remove();
  }
};
