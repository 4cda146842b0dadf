import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningStack, startStack } from '../stack/running-stack.ts';
import { audit } from './audit.ts';
import { launchBrowser } from './browser.ts';

/** The viewer as a person uses it, in a real Chromium on the real stack. Pictures of it are kept in `test/browser/pictures/`. */

const pictures = fileURLToPath(new URL('./pictures', import.meta.url));
const patienceMs = 60_000;

const topics = {
  garden: 'tomato seedling compost watering greenhouse pruning trellis mulch beetroot harvest',
  harbour: 'vessel anchor mooring tide lighthouse captain cargo lantern rigging starboard',
  kitchen: 'simmer saucepan butter garlic oven whisk dough cinnamon skillet marinade',
};
const documents = Object.entries(topics).flatMap(([topic, text]) => {
  const words = text.split(' ');
  return Array.from({ length: 40 }, (_, i) => ({
    id: `${topic}-${i}`,
    text: Array.from({ length: 7 }, (_, at) => words[(i * 3 + at * ((i % 7) + 1) + Math.floor(i / 7)) % words.length]).join(' '),
    // Untrusted words: shown, never run.
    metadata: { topic, title: i === 0 ? `<img src=x onerror="document.title='broken'"> ${topic}` : `${topic} note ${i}` },
  }));
});

let stack: RunningStack;
let browser: Browser;
let page: Page;
let token: string;
const complaints: string[] = [];
const elsewhere: string[] = [];

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  token = await stack.token({ tenant: 't_browser' });
  await stack.ingestAndWait(token, 'notes', { documents });
  const platform = await stack.token({ tenant: 't_system', roles: 'system' });
  await stack.ingestAndWait(platform, 'notes', {
    documents: [{ id: 'shared', text: 'lighthouse keepers shared handbook', metadata: { title: 'Shared handbook' } }],
  });
  const drawn = await stack.call('POST', '/nexus/spaces/notes/haze/snapshot', { token: platform });
  await stack.waitForTask(platform, drawn.body.task_id);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(patienceMs);
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.edge) && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) elsewhere.push(request.url());
  });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Keeps a picture of a state, for people; what axe finds wrong with it, on light or dark, is a failure. */
const keep = async (name: string): Promise<void> => {
  writeFileSync(join(pictures, `${name}.png`), await page.screenshot());
  expect(await audit(page), name).toEqual([]);
};

/** The same state on a dark ground. */
const keepDark = async (name: string): Promise<void> => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await keep(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
};

/** Pixels of the map that are not its ground. */
const paintedPixels = (): Promise<number> =>
  page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    const gl = canvas?.getContext('webgl2');
    if (canvas === null || gl === null || gl === undefined) return -1;
    const pixels = new Uint8Array(canvas.width * canvas.height * 4);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let painted = 0;
    for (let at = 3; at < pixels.length; at += 4) if ((pixels[at] ?? 0) > 0) painted += 1;
    return painted;
  });

const pointsShown = (count: number) => page.waitForSelector(`canvas[data-points="${count}"]`);
const painted = (atLeast: number) => expect.poll(paintedPixels, { timeout: patienceMs }).toBeGreaterThan(atLeast);

test('a token that is none is told in words, and nobody is let in with it', async () => {
  await page.goto(stack.edge);
  await keep('sign-in');
  await page.fill('input[name=token]', 'no-token');
  await page.click('button[type=submit]');
  await page.waitForSelector('form.card [role=alert]');
  expect(await page.textContent('form.card [role=alert]')).toMatch(/token.*auth\.unauthenticated/);
  expect(await page.locator('input[name=space]').count()).toBe(0);
  await keep('sign-in-refused');
  await keepDark('sign-in-refused');
});

test('sign in, choose a space from the list, and see its map', async () => {
  await page.fill('input[name=token]', token);
  await page.click('button[type=submit]');
  await page.waitForSelector('ul[aria-label=Spaces] button');
  await keep('spaces');
  await page.click('ul[aria-label=Spaces] button:has-text("notes")');
  await pointsShown(documents.length);
  await painted(500);
  expect(await page.locator('ul[aria-label=Clusters] > li').count()).toBeGreaterThan(2);
  await page.waitForFunction(() => [...document.querySelectorAll<HTMLElement>('.names span')].some(({ style }) => style.visibility === 'visible'));
  await keep('map');
  await keepDark('map');
});

test('the picture has a list that says the same in words', async () => {
  const cluster = page.locator('ul[aria-label=Clusters] > li').first();
  await cluster.locator('button').first().click();
  const passages = cluster.locator('ul li button');
  expect(await passages.count()).toBeGreaterThan(0);
  const labelled = (await cluster.locator('button').first().textContent()) ?? '';
  const topic = Object.entries(topics).find(([, text]) => text.split(' ').some((word) => labelled.includes(word)))?.[0];
  for (const text of await passages.allTextContents()) expect(text).toContain(topic);
  await keep('cluster');
});

test('ask, and see the right hits, in their order and in place', async () => {
  await page.fill('input[name=question]', 'mooring lighthouse captain');
  await page.click('aside form button[type=submit]');
  await page.waitForSelector('ol.hits li');
  const ids = await page.locator('ol.hits li').evaluateAll((items) => items.map((item) => item.getAttribute('data-id')));
  const { hits } = (await stack.call('POST', '/nexus/spaces/notes/query', { token, body: { query: 'mooring lighthouse captain', limit: 10 } })).body;
  expect(ids).toEqual(hits.map(({ id }: { id: string }) => id));
  expect(ids.every((id) => id?.startsWith('harbour-'))).toBe(true);
  await painted(500);
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLElement>('.ranks span')].some(({ style, textContent }) => style.visibility === 'visible' && textContent === '1'),
  );
  expect(await page.textContent('aside form [role=status]')).toMatch(/^10 hits, the best one: harbour note/);
  await keep('question');
  await keepDark('question');
});

test('choose a hit, and read its document and what lies beside it', async () => {
  await page.click('ol.hits li button');
  await page.waitForSelector('section.details li');
  expect(await page.locator('section.details li').first().textContent()).toMatch(/harbour/);
  await page.click('section.details summary');
  await page.waitForSelector('section.details pre');
  await keep('passage');
});

test("with the global space, its hits are told apart from one's own", async () => {
  await page.check('label.inline input');
  await pointsShown(documents.length + 1);
  await page.fill('input[name=question]', 'shared handbook');
  await page.click('aside form button[type=submit]');
  await page.waitForSelector('ol.hits li.global[data-id="shared#0"]');
  expect(await page.locator('ol.hits li.tenant').count()).toBeGreaterThan(0);
  await page.uncheck('label.inline input');
  await pointsShown(documents.length);
});

test('add a file, follow its task, and see its point', async () => {
  await page.setInputFiles('input[type=file]', {
    name: 'zeppelin.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('The zeppelin moored above the lighthouse.'),
  });
  await page.waitForFunction(() => /Task succeeded: 1 of 1 documents, 1 passages/.test(document.querySelector('.upload')?.textContent ?? ''));
  await pointsShown(documents.length + 1);
  await page.fill('input[name=question]', 'zeppelin');
  await page.click('aside form button[type=submit]');
  await page.waitForSelector('ol.hits li[data-id="zeppelin.txt#0"]');
  await keep('upload');
});

test('files that are dropped on the page are added, and a file that cannot be read is told', async () => {
  const dropped = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(['The submarine anchored beside the lighthouse.'], 'submarine.txt', { type: 'text/plain' }));
    files.items.add(new File(['%PDF-1.7 and nothing more'], 'broken.pdf', { type: 'application/pdf' }));
    return files;
  });
  await page.dispatchEvent('canvas', 'dragover', { dataTransfer: dropped });
  await page.waitForSelector('.drop.over');
  await keep('drop');
  await page.dispatchEvent('canvas', 'drop', { dataTransfer: dropped });
  await page.waitForSelector('.drop:not(.over)');
  await page.waitForSelector('.upload [role=alert]');
  expect(await page.textContent('.upload [role=alert]')).toMatch(/Task partial: 1 of 2 documents, 1 passages.*broken\.pdf:/);
  await pointsShown(documents.length + 2);
  await keep('dropped');
});

test('a filter leaves what it finds; what is no filter is told in words, and leaves the picture as it was', async () => {
  await page.fill('input[name=filter]', '{"topic": "garden"}');
  await pointsShown(40);
  await page.fill('input[name=filter]', '{');
  await page.waitForSelector('fieldset [role=alert]');
  expect(await page.textContent('fieldset [role=alert]')).toMatch(/not JSON/);
  expect(await page.getAttribute('canvas', 'data-points')).toBe('40');
  await keep('no-filter');
  await page.fill('input[name=filter]', '{"topic": "nowhere"}');
  await page.waitForFunction(() => /No passage fits/.test(document.querySelector('.state')?.textContent ?? ''));
  await keep('nothing-fits');
  await page.fill('input[name=filter]', '{"topic": {"unknown": 1}}');
  await page.waitForSelector('.state [role=alert]');
  await keep('refused-filter');
  await page.fill('input[name=filter]', '');
  await pointsShown(documents.length + 2);
});

test('a space that does not exist yet says what to do', async () => {
  await page.click('form.bar button:has-text("All spaces")');
  await page.fill('input[name=space]', 'empty');
  await page.click('form.bar button[type=submit]');
  await page.waitForFunction(() => /Ingest documents/.test(document.querySelector('.state.empty')?.textContent ?? ''));
  await keep('empty');
  await keepDark('empty');
});

test('with the keyboard alone: sign in, choose a space, ask, go through the hits, open a passage', async () => {
  await page.goto(stack.edge);
  const tabTo = async (selector: string): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`no number of tabs leads to ${selector}`);
  };
  await tabTo('input[name=token]');
  await page.keyboard.insertText(token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('ul[aria-label=Spaces] button');
  await tabTo('ul[aria-label=Spaces] button');
  await page.keyboard.press('Enter');
  await pointsShown(documents.length + 2);
  await tabTo('input[name=question]');
  await page.keyboard.insertText('mooring lighthouse captain');
  await page.keyboard.press('Enter');
  await page.waitForSelector('ol.hits li');
  await tabTo('ol.hits li:nth-child(2) button');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
  expect(outline).toBe('solid');
  await page.keyboard.press('Enter');
  await page.waitForSelector('section.details h2:focus');
  expect(await page.textContent('section.details h2')).toBe(await page.textContent('ol.hits li:nth-child(2) strong'));
});

test('it fits a phone, and the keyboard turns the picture', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await page.focus('canvas');
  for (const key of ['ArrowLeft', 'ArrowUp', '+', 'Home']) await page.keyboard.press(key);
  await painted(200);
  await keep('phone');
  await keepDark('phone');
});

test('the API page describes every endpoint', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${stack.edge}/docs`);
  await page.waitForSelector('section#hazePoints');
  const { paths } = (await stack.call('GET', '/openapi.json')).body as { paths: Record<string, object> };
  const operations = Object.values(paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
  expect(await page.locator('main > section:not(#errors)').count()).toBe(operations);
  expect(await page.textContent('section#mcp pre')).toMatch(/tools\/list/);
  expect(await page.textContent('section#errors')).toContain('nexus.cursor_invalid');
  await keep('docs');
  await keepDark('docs');
});

test('a strict content policy held all the while: nothing was asked of others, nothing complained, no title was run', async () => {
  const answer = await stack.call('GET', '/');
  expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'/);
  await page.goto(stack.edge);
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    return 'ran' in window;
  });
  expect(ran).toBe(false);
  expect(await page.title()).toBe('Nexus Haze');
  expect(elsewhere).toEqual([]);
  // Refused: the script above, by the policy; the wrong token and filter, by the API.
  expect(complaints.filter((text) => !/Content Security Policy|status of (401|422)/.test(text))).toEqual([]);
});
