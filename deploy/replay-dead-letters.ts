import { parseArgs } from 'node:util';
import { PubSub } from '@google-cloud/pubsub';
import { replayDeadLetters } from './replay.ts';

/** `npm run replay:dead-letters`: what was tried too often is tried again, when its cause is gone. */

const help = `npm run replay:dead-letters -- --project ID [--list] [--id TASK_ID]… [--prefix NAME] [--quiet SECONDS]

  --project ID     the Google Cloud project
  --list           say which dead letters there are, and leave them
  --id TASK_ID     only this one; may be given several times
  --prefix NAME    begins every name; nexus unless given
  --quiet SECONDS  the end is when nothing more has come for so long; 15 unless given

Each keeps its place in the order of acceptance, and its task is opened again. Credentials are the application default
ones (gcloud auth application-default login). With PUBSUB_EMULATOR_HOST set, the emulator is asked.
`;

const flags = {
  project: { type: 'string' },
  list: { type: 'boolean', default: false },
  id: { type: 'string', multiple: true },
  prefix: { type: 'string', default: 'nexus' },
  quiet: { type: 'string', default: '15' },
  help: { type: 'boolean' },
} as const;

const main = async (argv: string[]): Promise<void> => {
  const { values } = parseArgs({ args: argv, options: flags, strict: true });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const { project, prefix, list: listOnly, id: ids = [], quiet } = values;
  if (!project) throw new Error('--project is missing.');
  if (!/^[1-9]\d{0,3}$/.test(quiet)) throw new Error(`--quiet must be a number of seconds, not ${quiet}.`);
  const client = new PubSub({ projectId: project });
  try {
    const count = await replayDeadLetters(client, { prefix, listOnly, ids, quietMs: Number(quiet) * 1000 }, ({ id, type, source, acceptedAt }) => {
      process.stdout.write(`${id} ${type} ${source} accepted ${acceptedAt}\n`);
    });
    process.stdout.write(`${count} dead letters ${listOnly ? 'found' : 'published again'}\n`);
  } finally {
    await client.close();
  }
};

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\nSee npm run replay:dead-letters -- --help\n`);
  process.exit(1);
});
