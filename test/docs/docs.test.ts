import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../shared/errors.ts';
import { endpointList } from '../../shared/http/endpoints.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

const rooms = ['shared', 'edge', 'runner', 'client', 'local', 'ui', 'test', 'docs', 'bench', 'deploy'];
/** `runner/store/commit.ts` or `edge/`; not what a caller's data is called in an example. */
const pathPattern = new RegExp(`\`((?:${rooms.join('|')})/[\\w./-]*)\``, 'g');

describe.each(pages)('%s', (page) => {
  test('names only files that are there', () => {
    const named = [...textOf(page).matchAll(pathPattern)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('links only to pages that are there', () => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });
});

test('the path of an endpoint that a document shows is one that there is', () => {
  const shown = pages.flatMap((page) =>
    [...textOf(page).matchAll(/`(GET|PUT|POST|DELETE) (\/nexus\/[^\s`?]*)/g)].map(([, method, path = '']) => `${method} ${path}`),
  );
  const known = endpointList.map(
    ({ method, path }) => new RegExp(`^${method} ${path.replaceAll(/\{(name|doc_id)\}/g, '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  );
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter((call) => !known.some((pattern) => pattern.test(call)))).toEqual([]);
});

/** Every `.ts` file of a room. */
const sources = (room: string): string =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, room, name), 'utf8'))
    .join('\n');
const metricNames = new Set(
  [...sources('runner').matchAll(/\.?(?:counter|histogram|gauge|createObservableCounter)\(\s*'((?:nexus|process|nodejs)_\w+)'/g)].map(([, name = '']) => name),
);

test('operations explains every metric of the runner', () => {
  expect(metricNames.size).toBeGreaterThan(10);
  expect([...metricNames].filter((name) => !textOf('docs/operations.md').includes(`\`${name}`))).toEqual([]);
});

test.each(['docs/dashboard.json', 'docs/alerts.yml'])('%s asks for metrics that there are', (page) => {
  const asked = [...textOf(page).matchAll(/\b((?:nexus|process|nodejs)_[a-z0-9_]+?)(?:_bucket|_count|_sum)?(?=[^a-z0-9_])/g)].map(([, name = '']) => name);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !metricNames.has(name))).toEqual([]);
});

test('operations explains every error code', () => {
  expect(errorCodes.filter((code) => !textOf('docs/operations.md').includes(`\`${code}\``))).toEqual([]);
});

test('every error code that operations explains is one that there is', () => {
  const explained = [...textOf('docs/operations.md').matchAll(/`((?:nexus|auth|nexus_store|nexus_blob_store)\.[a-z_]+)`/g)].map(([, code]) => code);
  expect(explained.length).toBeGreaterThan(5);
  expect(explained.filter((code) => !(errorCodes as string[]).includes(code ?? ''))).toEqual([]);
});
