import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runKpi } from '../../runner/kpi/run-kpi.ts';
import { newId } from '../../shared/ids.ts';
import { spaceKey } from '../../shared/space-key.ts';
import { caller, type RunningRunner, startRunner } from '../runner/running-runner.ts';
import { daily, factsIn, measure, shuffled, taskOf, weekly } from './measuring.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

const visits = { metric: 'visits', title: 'Visits', unit: 'people', good: 'up', aggregate: 'sum' };
const values = weekly(120);
/** One day far from what its weekday makes likely. */
const spiked = values.map((value, day) => (day === 60 ? value * 3 : value));
const query = async (space: string, body: object) => (await runner.call('POST', `/nexus/spaces/${space}/query`, body)).body.hits;

describe('measurements that are all there', () => {
  beforeAll(async () => {
    const task = await measure(runner, 'all', { ...visits, measurements: daily('2026-01-01', spiked) });
    expect(task).toMatchObject({ kind: 'kpi', status: 'succeeded', errors: [], counts: { failed: 0, superseded: 0 } });
    expect(task.counts.written).toBe(task.counts.documents);
  });

  test('become documents of type kpi with deterministic ids', async () => {
    const facts = await factsIn(runner, 'all');
    expect(facts.every(({ type }) => type === 'kpi')).toBe(true);
    const ids = facts.map(({ doc_id }) => doc_id);
    expect(ids).toContain('kpi:visits::level:2026-01-02');
    expect(ids).toContain('kpi:visits::level:2026-W02');
    expect(ids).toContain('kpi:visits::level:2026-02');
    expect(ids).toContain('kpi:visits::anomaly:2026-03-02');
    expect(ids).toContain('kpi:visits::record:2026-03-02');
    expect(ids).toContain('kpi:visits::summary:2026-04-30');
  });

  test('answer what was asked, through the ordinary query', async () => {
    expect((await query('all', { query: 'What happened to visits in February?', limit: 1 }))[0].doc_id).toBe('kpi:visits::level:2026-02');
    expect((await query('all', { query: 'best day for visits', limit: 1 }))[0].doc_id).toBe('kpi:visits::record:2026-03-02');
    const found = await query('all', { query: 'visits', filter: { kind: 'anomaly', metric: 'visits' } });
    expect(found.map(({ doc_id }: { doc_id: string }) => doc_id)).toEqual(['kpi:visits::anomaly:2026-03-02']);
    expect(found[0].metadata).toMatchObject({ value: spiked[60], unit: 'people', direction: 'up', is_good: true, period_start: '2026-03-02T00:00:00Z' });
  });

  test('compare with the day before and the same day a week earlier', async () => {
    const { body } = await runner.call('GET', '/nexus/spaces/all/documents/kpi:visits::level:2026-01-20?include=text');
    const [value, previous, weekAgo] = [19, 18, 12].map((day) => spiked[day] as number) as [number, number, number];
    expect(body.metadata).toMatchObject({ value, previous_value: previous, change: value - previous, week_ago_value: weekAgo });
    expect(body.metadata.change_pct).toBeCloseTo((100 * (value - previous)) / previous, 9);
    expect(body.metadata.week_change_pct).toBeCloseTo((100 * (value - weekAgo)) / weekAgo, 9);
    expect(body.text).toContain(`Visits came to ${value} people in total on Tuesday 20 January 2026 (UTC)`);
  });

  test('sent again change nothing', async () => {
    const task = await measure(runner, 'all', { ...visits, measurements: daily('2026-01-01', spiked) });
    expect(task.counts).toMatchObject({ written: 0, failed: 0 });
  });
});

describe('whatever order measurements come in', () => {
  test('half now, the other half later in random order, twice: the same facts as all at once', async () => {
    const all = daily('2026-01-01', spiked);
    const mixed = shuffled(all);
    await measure(runner, 'halves', { ...visits, measurements: mixed.slice(0, 60) });
    await measure(runner, 'halves', { ...visits, measurements: mixed.slice(60) });
    await measure(runner, 'halves', { ...visits, measurements: shuffled(mixed.slice(60), 3) });
    expect(await factsIn(runner, 'halves')).toEqual(await factsIn(runner, 'all'));
  });

  test('many requests at once: the same facts as all at once', async () => {
    const mixed = shuffled(daily('2026-01-01', spiked), 11);
    const parts = Array.from({ length: 8 }, (_, part) => mixed.filter((_row, index) => index % 8 === part));
    await Promise.all(parts.map((measurements) => measure(runner, 'parts', { ...visits, measurements })));
    expect(await factsIn(runner, 'parts')).toEqual(await factsIn(runner, 'all'));
  });

  test('a correction replaces facts and removes those that are no longer true', async () => {
    await measure(runner, 'corrected', { ...visits, measurements: daily('2026-01-01', spiked) });
    const correct = daily('2026-01-01', values)[60];
    await measure(runner, 'corrected', { ...visits, measurements: [correct] });
    await measure(runner, 'never-wrong', { ...visits, measurements: daily('2026-01-01', values) });
    const facts = await factsIn(runner, 'corrected');
    expect(facts.some(({ doc_id }) => doc_id === 'kpi:visits::anomaly:2026-03-02')).toBe(false);
    expect(facts).toEqual(await factsIn(runner, 'never-wrong'));
  });

  test('the newest period has one summary, and the one before has none any more', async () => {
    await measure(runner, 'grows', { ...visits, measurements: daily('2026-01-01', values.slice(0, 40)) });
    await measure(runner, 'grows', { ...visits, measurements: daily('2026-02-10', values.slice(40, 50)) });
    const summaries = (await factsIn(runner, 'grows')).filter(({ metadata }) => metadata.kind === 'summary');
    expect(summaries.map(({ doc_id }) => doc_id)).toEqual(['kpi:visits::summary:2026-02-19']);
  });
});

describe('a runner that dies between keeping measurements and publishing facts', () => {
  const key = (space: string) => spaceKey(caller(), 'tenant', space);
  const storedRows = async (space: string): Promise<number> => {
    const { measurementsTable } = runner.services.places.space(key(space));
    const requests = await runner.services.measurements.read(measurementsTable, { epoch: 1, series: 'kpi:visits:' });
    return requests.reduce((sum, { at }) => sum + at.length, 0);
  };

  test('leaves nothing half done: the event comes again, keeps each row once, and gives the same facts', async () => {
    // Settles the space and the metric, with nothing measured.
    await measure(runner, 'killed', { ...visits, measurements: [] });
    const rows = daily('2026-01-01', spiked);
    const packed = (values: number[]) => Buffer.from(new Float64Array(values).buffer).toString('base64');
    const series = { metric: 'visits', dimensions: {}, timezone: 'UTC', unit: 'people' };
    const at = packed(rows.map((row) => Date.parse(row.at) * 1000));
    const request = {
      ...{ task_id: newId('task', Date.now()), space: key('killed'), epoch: 1, requested_by: { ...key('killed'), subject: 'tester' }, request_id: 'req_1' },
      payload: { series: [{ ...series, at, value: packed(rows.map(({ value }) => value)) }], refused: [], refused_rows: 0 },
    };
    const seq = Date.now() * 1000;
    const dying = {
      ...runner.services.queue,
      async submit(_: unknown, change: { kind: string; derive?: (published: object) => Promise<unknown> }) {
        await change.derive?.({ beginning: async () => [] });
        throw new Error('killed');
      },
    };
    await expect(runKpi({ ...runner.services, queue: dying as never }, request, seq)).rejects.toThrow('killed');
    expect([await storedRows('killed'), await factsIn(runner, 'killed')]).toEqual([rows.length, []]);
    await runKpi(runner.services, request, seq);
    await runKpi(runner.services, request, seq);
    expect(await storedRows('killed')).toBe(rows.length);
    expect(await factsIn(runner, 'killed')).toEqual(await factsIn(runner, 'all'));
  });

  test('a file that is sent every day is kept once', async () => {
    for (let day = 0; day < 4; day++) await measure(runner, 'resent', { ...visits, measurements: daily('2026-01-01', spiked) });
    expect(await storedRows('resent')).toBe(spiked.length);
  });
});

describe('dimensions', () => {
  test('keep series apart, and can be filtered by', async () => {
    await measure(
      runner,
      'shops',
      { ...visits, dimensions: { shop: 'Berlin' }, measurements: daily('2026-01-01', values) },
      {
        ...visits,
        dimensions: { shop: 'Rome, centre' },
        measurements: daily(
          '2026-01-01',
          values.map((value) => 2 * value),
        ),
      },
    );
    const [hit] = await query('shops', { query: 'visits on 5 January 2026', filter: { shop: 'Rome, centre', kind: 'level', period: '2026-01-05' } });
    expect(hit).toMatchObject({ doc_id: 'kpi:visits:shop=Rome%2C%20centre:level:2026-01-05', metadata: { value: 2 * (values[4] as number) } });
    expect(hit.text).toContain('Visits (shop Rome, centre)');
  });

  test('too long for an id keep series apart all the same, and their facts can be read and deleted by id', async () => {
    const series = ['東', '西'].map((side) => ({ ...visits, dimensions: { place: side.repeat(128) }, measurements: daily('2026-01-01', values) }));
    await measure(runner, 'long-names', ...series);
    const facts = await factsIn(runner, 'long-names');
    const own = (side: string) => facts.filter(({ metadata }) => String(metadata.place).startsWith(side)).map(({ doc_id }) => doc_id);
    const [east, west] = [own('東'), own('西')];
    expect(new Set([...east, ...west]).size).toBe(facts.length);
    expect(east).toHaveLength(west.length);
    const { status } = await runner.call('GET', `/nexus/spaces/long-names/documents/${east[0]}`);
    const deleted = await runner.call('POST', '/nexus/spaces/long-names/documents/delete', { doc_ids: east });
    expect([status, deleted.status]).toEqual([200, 202]);
  });
});

describe('files', () => {
  const put = (space: string, name: string, text: string) => runner.call('PUT', `/nexus/spaces/${space}/blobs/${name}`, new TextEncoder().encode(text));
  const rows = daily('2026-01-01', spiked);

  test.each([
    ['with a header', `timestamp,value\n${rows.map(({ at, value }) => `${at},${value}`).join('\n')}\n`],
    ['with other columns, semicolons and quotes', `id;value;at\r\n${rows.map(({ at, value }, id) => `${id};"${value}";"${at}"`).join('\r\n')}`],
    ['without a header', rows.map(({ at, value }) => `${at},${value}`).join('\n')],
    ['with local times', `timestamp,value\n${rows.map(({ at, value }) => `${at.slice(0, 19).replace('T', ' ')},${value}`).join('\n')}\n`],
    ['as JSON lines', rows.map((row) => JSON.stringify(row)).join('\n')],
    ['as JSON lines that say timestamp', rows.map(({ at, value }) => JSON.stringify({ timestamp: at, value })).join('\r\n')],
  ])('%s give the facts of the same rows inline', async (name, text) => {
    const space = `file-${name.replaceAll(/\W/g, '-')}`;
    await put(space, 'rows', text);
    const task = await measure(runner, space, { ...visits, blob_ref: 'nexus://rows' });
    expect(task).toMatchObject({ status: 'succeeded', errors: [] });
    expect(await factsIn(runner, space)).toEqual(await factsIn(runner, 'all'));
  });

  test('rows that are none are reported by line, and the rest is used', async () => {
    const good = rows.map(({ at, value }) => `${at},${value}`);
    const text = ['timestamp,value', good[0], '2026-13-01,5', '2026-01-02,many', '2026-01-03,NaN', '2026-01-04,', 'soon,5', ...good.slice(1)].join('\n');
    await put('bad-lines', 'rows', text);
    const task = await measure(runner, 'bad-lines', { ...visits, blob_ref: 'nexus://rows' });
    expect(task).toMatchObject({ status: 'partial', counts: { failed: 5 } });
    expect(task.errors.map(({ message }: { message: string }) => message.split(':')[0])).toEqual(['line 3', 'line 4', 'line 5', 'line 6', 'line 7']);
    expect(await factsIn(runner, 'bad-lines')).toEqual(await factsIn(runner, 'all'));
  });

  test('a unit column must say the unit of the metric', async () => {
    await put('units', 'rows', 'timestamp,value,unit\n2026-01-01,5,people\n2026-01-02,6,dogs\n2026-01-03,7,people\n2026-01-04,7,\n');
    const task = await measure(runner, 'units', { ...visits, blob_ref: 'nexus://rows' });
    expect(task).toMatchObject({ status: 'partial', counts: { failed: 1 } });
    expect(task.errors[0].message).toMatch(/^line 3: unit is "dogs", but the metric's is "people"/);
  });

  test.each([
    ['a file of too many rows', `timestamp,value\n${'2026-01-01,1\n'.repeat(100_001)}`, /100000 measurements.*split/],
    ['a file without the columns', 'name,colour\nx,red\n', /must name the columns timestamp and value/],
    ['an empty file', '', /nothing|empty|no /i],
    ['a file with a quotation mark that is never closed', 'timestamp,value\n"2026-01-01,5\n2026-01-02,6\n', /cannot be read as CSV.*quote/i],
  ])('%s fails with what to do, and no other metric with it', async (name, text, message) => {
    const space = `unusable-${name.replaceAll(/\W/g, '-')}`;
    await put(space, 'rows', text);
    const task = await measure(runner, space, { ...visits, blob_ref: 'nexus://rows' }, { metric: 'other', measurements: daily('2026-01-01', values) });
    expect(task.status).toBe('partial');
    expect(task.errors[0].message).toMatch(message);
    expect((await factsIn(runner, space)).every(({ metadata }) => metadata.metric === 'other')).toBe(true);
  });

  test('a reference to nothing is refused at once', async () => {
    const { status, body } = await runner.call('POST', '/nexus/spaces/all/kpi', { metrics: [{ ...visits, blob_ref: 'nexus://not-there' }] });
    expect([status, body.error.code]).toEqual([422, 'nexus.validation_failed']);
  });
});

describe('bad input', () => {
  const refuses = async (metrics: object[], message: RegExp, space = 'refusals') => {
    const { status, body } = await runner.call('POST', `/nexus/spaces/${space}/kpi`, { metrics });
    expect([status, body.error?.code]).toEqual([422, 'nexus.validation_failed']);
    expect(JSON.stringify(body.error)).toMatch(message);
  };

  test('another unit than the metric has is refused, in one request and in a later one', async () => {
    await measure(runner, 'one-unit', { ...visits, measurements: daily('2026-01-01', values) });
    await refuses([{ ...visits, unit: 'dogs', measurements: [] }], /measured in people/, 'one-unit');
    const twice = [
      { metric: 'm', unit: 'a', dimensions: { x: 1 }, measurements: [] },
      { metric: 'm', unit: 'b', dimensions: { x: 2 }, measurements: [] },
    ];
    await refuses(twice, /one unit/);
  });

  test('a dimension that no id can hold is refused', () =>
    refuses([{ metric: 'm', dimensions: { site: 'half a character: \ud800' }, measurements: [] }], /lone surrogates/));

  test('more rows than a request may have are refused', () =>
    refuses([{ metric: 'm', measurements: Array.from({ length: 100_001 }, () => ({ at: '2026-01-01', value: 1 })) }], /more than 100000 measurements/));

  test('rows that are none are reported one by one, and the rest is used', async () => {
    const bad = [
      { at: 'yesterday', value: 1 },
      { at: '2026-02-30', value: 1 },
      { at: '2026-01-01', value: '1' },
      { at: '2026-01-01', value: null },
      { value: 1 },
      7,
      { at: '2026-01-01', value: 1, colour: 'red' },
    ];
    const task = await measure(runner, 'bad-rows', { ...visits, measurements: [...bad, ...daily('2026-01-01', spiked)] });
    expect(task).toMatchObject({ status: 'partial', counts: { failed: bad.length } });
    expect(task.errors[2]).toMatchObject({
      doc_id: 'kpi:visits:',
      code: 'nexus.validation_failed',
      message: 'metrics.0.measurements.2: value must be a number, not "1"',
    });
    expect(await factsIn(runner, 'bad-rows')).toEqual(await factsIn(runner, 'all'));
  });

  test('nothing but bad rows is a failed task, and stores nothing', async () => {
    const task = await measure(runner, 'only-bad', { ...visits, measurements: [{ at: 'x', value: 1 }] });
    expect(task).toMatchObject({ status: 'failed', counts: { failed: 1, documents: 0 } });
    expect(await factsIn(runner, 'only-bad')).toEqual([]);
  });

  test('facts that do not fit the metadata of the space are refused before anything is accepted', async () => {
    await runner.ingest('other-types', { documents: [{ id: 'a', text: 'a', metadata: { value: 'high' } }] });
    await refuses([{ ...visits, measurements: [] }], /value is a string in this space/, 'other-types');
  });

  test('measurements far apart, of which no period is complete, are kept', async () => {
    const at = ['1900-01-02T00:00:00Z', '1900-01-02T01:00:00Z', '1900-01-02T02:00:00Z', '1900-01-02T03:00:00Z', '2199-12-30T00:00:00Z', '2199-12-31T00:00:00Z'];
    const task = await measure(runner, 'far-apart', { ...visits, grain: 'hour', measurements: at.map((time, value) => ({ at: time, value })) });
    expect(task).toMatchObject({ status: 'succeeded', errors: [] });
  });

  test('what a caller stores under the name of a series stays', async () => {
    const note = { id: 'kpi:visits::note', text: 'Counted at the door since May.' };
    await runner.ingest('noted', { documents: [note] });
    await measure(runner, 'noted', { ...visits, measurements: daily('2026-01-01', values) });
    const { status, body } = await runner.call('GET', `/nexus/spaces/noted/documents/${note.id}?include=text`);
    expect([status, body.text]).toEqual([200, note.text]);
  });

  test('too little data makes no facts', async () => {
    const task = await measure(runner, 'tiny', { ...visits, measurements: daily('2026-01-01', [1, 2]) });
    expect(task).toMatchObject({ status: 'succeeded', counts: { documents: 0 } });
    expect(await factsIn(runner, 'tiny')).toEqual([]);
  });
});

describe('the life of a space', () => {
  const filesBelow = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  const filesWith = (text: string): string[] => filesBelow(join(runner.folder, 'store')).filter((file) => readFileSync(file).includes(text));

  test('deleting it deletes measurements, definitions and facts, and the next life begins with nothing', async () => {
    const secret = { ...visits, metric: 'quiet_metric', title: 'Quiet number', dimensions: { where: 'hideaway' } };
    await measure(runner, 'mortal', { ...secret, measurements: daily('2026-01-01', spiked) });
    expect(filesWith('hideaway').length).toBeGreaterThan(0);
    await taskOf(runner, await runner.call('DELETE', '/nexus/spaces/mortal'));
    expect(filesWith('hideaway')).toEqual([]);
    expect(filesWith('Quiet number')).toEqual([]);

    const late = daily('2026-03-01', values.slice(0, 30));
    await measure(runner, 'mortal', { ...visits, metric: 'quiet_metric', unit: 'dogs', measurements: late });
    const facts = await factsIn(runner, 'mortal');
    expect(facts.every(({ metadata }) => metadata.unit === 'dogs' && String(metadata.period_end) > '2026-03')).toBe(true);
    expect(facts.length).toBeGreaterThan(30);
  });

  test('other tenants see nothing of it', async () => {
    const other = { context: caller({ tenant_id: 't_b' }) };
    expect((await runner.call('GET', '/nexus/spaces/all/documents', undefined, other)).body.documents).toEqual([]);
  });

  test('a fact that was deleted comes back with measurements that are accepted later', async () => {
    const id = 'kpi:visits::level:2026-01-02';
    await measure(runner, 'returns', { ...visits, measurements: daily('2026-01-01', values.slice(0, 20)) });
    await taskOf(runner, await runner.call('DELETE', `/nexus/spaces/returns/documents/${id}`));
    expect((await runner.call('GET', `/nexus/spaces/returns/documents/${id}`)).status).toBe(404);
    await measure(runner, 'returns', { ...visits, measurements: daily('2026-01-21', values.slice(20, 21)) });
    expect((await runner.call('GET', `/nexus/spaces/returns/documents/${id}`)).status).toBe(200);
  });
});
