import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { localStack, nexus, temporaryFolder, writeFiles } from './command-line.ts';
import { bodyOf, json, startFakeEdge, task } from './fake-edge.ts';

const rows = 'timestamp,value\n2026-01-01,1\n2026-01-02,2\n';

/** An edge that takes every upload and every request; the task ends as it is told. */
const edgeThatAccepts = (counts = {}, errors: unknown[] = []) => {
  let uploads = 0;
  return startFakeEdge(({ method, path }) => {
    if (method === 'PUT') return json({ name: 'kpi/cpc.csv', sha256: 'a', bytes: 1, ref: `nexus://part-${++uploads}` });
    if (method === 'POST' && path.endsWith('/kpi')) return json({ task_id: `task_${uploads}` }, 202);
    return json(task('task_1', errors.length === 0 ? 'succeeded' : 'partial', counts, errors));
  });
};

const run = async (edge: { url: string }, argv: string[], file = rows) => {
  const folder = await temporaryFolder();
  await writeFiles(folder, { 'cpc.csv': file });
  return nexus(['kpi', 'cpc.csv', ...argv], { cwd: folder, env: { NEXUS_DATA: await localStack(edge.url) } });
};
const who = ['--metric', 'cpc', '--space', 's'];

describe('nexus kpi', () => {
  test('uploads the file and asks for its facts, with everything that was said of the metric', async () => {
    const edge = await edgeThatAccepts();
    const said = ['--title', 'Cost per click', '--unit', 'USD', '--good', 'down', '--grain', 'hour', '--timezone', 'Europe/Berlin', '--aggregate', 'sum'];
    const { out, code } = await run(edge, [...who, ...said, '--dimension', 'exchange=2', '--dimension', 'note=a=b']);
    expect({ out, code }).toEqual({ out: 'task_1\n', code: 0 });
    expect(edge.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /nexus/spaces/s/blobs/kpi/cpc.csv', 'POST /nexus/spaces/s/kpi']);
    expect(edge.seen[0]?.body.toString()).toBe(rows.trimEnd());
    expect(bodyOf(edge.seen[1])).toEqual({
      metrics: [
        {
          ...{ metric: 'cpc', title: 'Cost per click', unit: 'USD', good: 'down', grain: 'hour', timezone: 'Europe/Berlin', aggregate: 'sum' },
          ...{ dimensions: { exchange: '2', note: 'a=b' }, blob_ref: 'nexus://part-1' },
        },
      ],
    });
  });

  test('with --wait says how many facts there are, and ends with 1 when a row was refused', async () => {
    const fine = await edgeThatAccepts({ documents: 12, written: 5 });
    expect(await run(fine, [...who, '--wait'])).toEqual({ out: '12 facts: 5 new or changed; 0 rows refused\n', err: '', code: 0 });
    const refused = await edgeThatAccepts({ documents: 12, written: 5, failed: 1 }, [
      { doc_id: 'kpi:cpc:', code: 'nexus.validation_failed', message: 'line 3: no' },
    ]);
    const { out, err, code } = await run(refused, [...who, '--wait']);
    expect([out, code]).toEqual(['12 facts: 5 new or changed; 1 rows refused\n', 1]);
    expect(err).toBe('nexus.validation_failed: kpi:cpc: line 3: no\n');
  });

  test('sends a file of more rows than a request may bring in parts, each with the header', async () => {
    const edge = await edgeThatAccepts();
    const { out } = await run(edge, who, `timestamp,value\n${'2026-01-01,1\n'.repeat(100_001)}`);
    expect(out).toBe('task_1\ntask_2\n');
    const uploads = edge.seen.filter(({ method }) => method === 'PUT').map(({ body }) => body.toString().split('\n'));
    expect(uploads.map(({ length }) => length)).toEqual([100_001, 2]);
    expect(uploads.map(([first]) => first)).toEqual(['timestamp,value', 'timestamp,value']);
  });

  test('a file without a header keeps its first row', async () => {
    const edge = await edgeThatAccepts();
    await run(edge, who, '2026-01-01,1\n2026-01-02,2');
    expect(edge.seen[0]?.body.toString()).toBe('2026-01-01,1\n2026-01-02,2');
  });

  test('--global writes both into the shared space', async () => {
    const edge = await edgeThatAccepts();
    await run(edge, [...who, '--global']);
    expect(edge.seen[0]?.query).toEqual({ scope: 'global' });
    expect(bodyOf(edge.seen[1]).scope).toBe('global');
  });

  test.each([
    [['--space', 's'], 'cli.usage: --metric is missing'],
    [['--metric', 'cpc'], 'cli.usage: --space is missing'],
    [[...who, '--good', 'sideways'], 'cli.usage: --good: '],
    [[...who, '--dimension', 'metric=x'], 'cli.usage: --dimension: names must begin with a letter'],
    [[...who, '--timezone', 'Mars/Olympus'], 'must be an IANA time zone'],
    [[...who, '--dimension', 'exchange'], 'cli.usage: --dimension must be NAME=VALUE'],
  ])('%j is refused before anything is sent', async (argv, message) => {
    const edge = await edgeThatAccepts();
    const { err, code } = await run(edge, argv);
    expect(err).toContain(message);
    expect([code, edge.seen.length]).toEqual([1, 0]);
  });

  test('refuses a file that is no table of measurements before anything is sent', async () => {
    const edge = await edgeThatAccepts();
    const { err, code } = await run(edge, who, 'Apache License\nVersion 2.0, January 2004\n');
    expect(err).toMatch(/^cli\.no_measurements: .*cpc\.csv holds no measurements: .*not "Apache License"/);
    expect([code, edge.seen.length]).toEqual([1, 0]);
  });

  test('names a file that is not there', async () => {
    const { err } = await nexus(['kpi', join('nowhere', 'x.csv'), ...who], { env: {} });
    expect(err).toMatch(/^cli\.no_file: There is no file .*x\.csv/);
  });
});
