import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { z } from 'zod';
import { type KpiMetric, kpiMetricSchema } from '../../../shared/http/kpi.ts';
import type { Task } from '../../../shared/http/tasks.ts';
import { limits } from '../../../shared/limits.ts';
import type { AcceptedTask, Space } from '../../index.ts';
import { CliError, type Command, type Io, parseFlags, requireFlag } from '../command.ts';
import { partsOf } from '../kpi/file-parts.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { hasFailures, taskErrorsText } from './task.ts';

const example = 'nexus kpi cpc.csv --metric cpc --unit USD --good down --space marketing --wait';

const help = `nexus kpi: put measurements in; what is true of them can be asked

  ${example}
  nexus kpi rides.csv --metric rides --title "Taxi rides" --aggregate sum --timezone America/New_York --space city
  nexus kpi latency.jsonl --metric latency --unit ms --good down --dimension region=eu --dimension host=web-1 --space ops
  nexus query "worst day for taxi rides" --space city

A CSV file with the columns timestamp and value, or JSONL of {"timestamp", "value"}. Sent again, or with corrections, it
replaces what follows from it. What is said of a metric holds until something else is said; its unit never changes.

  --metric M         what is measured
  --space S          the space to write
  --title T          what sentences call it, such as "Cost per click"
  --unit U           of every value, such as USD
  --good up|down     which way is good
  --grain G          hour, day, week or month: the shortest period that facts are about; day unless given
  --timezone Z       whose days they are, and of times without an offset, such as Europe/Berlin; UTC unless given
  --aggregate A      mean, sum, last or max: how the values of a period become one; mean unless given
  --dimension N=V    what of, such as region=eu; may be given several times
  --global           into the shared space of that name, which needs the role admin
  --wait             until the facts can be found; then how many, and exit code 1 when a row could not be used
  --json             the API's JSON, a line per request: {"task_id"}, with --wait the whole task

${connectionHelp}
`;

const flags = {
  ...connectionFlags,
  metric: { type: 'string' },
  title: { type: 'string' },
  unit: { type: 'string' },
  good: { type: 'string' },
  grain: { type: 'string' },
  timezone: { type: 'string' },
  aggregate: { type: 'string' },
  dimension: { type: 'string', multiple: true },
  space: { type: 'string' },
  global: { type: 'boolean' },
  wait: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;
type Values = ReturnType<typeof parseFlags<typeof flags>>['values'];

const dimensionOf = (text: string): [string, string] => {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new CliError('cli.usage', `--dimension must be NAME=VALUE, such as region=eu, not ${text}.`);
  return [text.slice(0, at), text.slice(at + 1)];
};

/** The metric as the flags describe it, judged by the API's own schema before anything is sent. */
const metricOf = (values: Values): Omit<KpiMetric, 'measurements'> => {
  const described = Object.fromEntries(
    (['title', 'unit', 'good', 'grain', 'timezone', 'aggregate'] as const).flatMap((flag) => (values[flag] === undefined ? [] : [[flag, values[flag]]])),
  );
  const dimensions = values.dimension === undefined ? {} : { dimensions: Object.fromEntries(values.dimension.map(dimensionOf)) };
  const wanted = { metric: requireFlag('metric', values.metric, example), ...described, ...dimensions, measurements: [] };
  const judged = kpiMetricSchema.safeParse(wanted);
  if (!judged.success) throw flagError(judged.error);
  const { measurements: _, ...metric } = judged.data;
  return metric;
};

/** By the names that were typed. */
const flagError = ({ issues }: z.ZodError): CliError => {
  const told = issues.map(({ path: [name, key], message }) => {
    const flag = name === 'dimensions' ? '--dimension' : `--${String(name)}`;
    return `${flag}${key === undefined ? '' : ` ${String(key)}`}: ${message}`;
  });
  return new CliError('cli.usage', told.join('; '));
};

const requireFile = async (path: string): Promise<string> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new CliError('cli.no_file', `There is no file ${path}.`);
  return path;
};

const send = async (space: Space, path: string, metric: Omit<KpiMetric, 'measurements'>, global: boolean): Promise<AcceptedTask[]> => {
  const scope = global ? ({ scope: 'global' } as const) : {};
  const tasks: AcceptedTask[] = [];
  for await (const part of partsOf(path)) {
    const { ref } = await space.blobs.put(`kpi/${basename(path)}`, part, { ...scope, mediaType: 'text/plain' });
    tasks.push(await space.kpi({ ...scope, metrics: [{ ...metric, blob_ref: ref }] }));
  }
  return tasks;
};

const totalsText = (tasks: readonly Task[]): string => {
  const sum = (count: keyof Task['counts']) => tasks.reduce((total, task) => total + task.counts[count], 0);
  return `${tasks.at(-1)?.counts.documents ?? 0} facts: ${sum('written')} new or changed; ${sum('failed')} rows refused\n`;
};

const report = async (sent: readonly AcceptedTask[], { wait, json }: Values, io: Io): Promise<number> => {
  if (!wait) {
    io.out(sent.map(({ task_id }) => `${json ? JSON.stringify({ task_id }) : task_id}\n`).join(''));
    return 0;
  }
  const tasks: Task[] = [];
  for (const task of sent) tasks.push(await task.wait({ timeoutMs: limits.cliTaskWaitMs }));
  io.out(json ? tasks.map((task) => `${JSON.stringify(task)}\n`).join('') : totalsText(tasks));
  io.err(tasks.map(taskErrorsText).join(''));
  return tasks.some(hasFailures) ? 1 : 0;
};

export const kpiCommand: Command = {
  name: 'kpi',
  summary: 'put measurements in; what is true of them can be asked',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new CliError('cli.usage', `Name one file: ${example}`);
    const spaceId = requireFlag('space', values.space, example);
    const metric = metricOf(values);
    const path = await requireFile(resolve(io.cwd, file));
    const nexus = await connect(values, io, values.global ? ['writer', 'admin'] : ['writer']);
    return report(await send(nexus.space(spaceId), path, metric, values.global === true), values, io);
  },
};
