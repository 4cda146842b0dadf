import { parseArgs } from 'node:util';
import { PubSub } from '@google-cloud/pubsub';
import { type EventResourcesWish, namesOf, provisionEvents } from './event-resources.ts';

/** `npm run provision:events`: makes the event spine, or brings it to the settings that the worker needs. */

const help = `npm run provision:events -- --project ID --worker-url URL --push-email EMAIL [--audience TEXT] [--prefix NAME]

  --project ID        the Google Cloud project
  --worker-url URL    where the worker answers, without a path: https://…run.app
  --push-email EMAIL  the service account whose token each push carries; NEXUS_PUSH_EMAIL of the worker
  --audience TEXT     the worker's URL unless given; NEXUS_PUSH_AUDIENCE of the worker
  --prefix NAME       begins every name; nexus unless given

Credentials are the application default ones (gcloud auth application-default login). With PUBSUB_EMULATOR_HOST set,
everything is made in the emulator.
`;

const flags = {
  project: { type: 'string' },
  'worker-url': { type: 'string' },
  'push-email': { type: 'string' },
  audience: { type: 'string' },
  prefix: { type: 'string', default: 'nexus' },
  help: { type: 'boolean' },
} as const;

const wishOf = (argv: string[]): { project: string; wish: EventResourcesWish } => {
  const { values } = parseArgs({ args: argv, options: flags, strict: true });
  const needed = (flag: 'project' | 'worker-url' | 'push-email'): string => {
    const value = values[flag];
    if (!value) throw new Error(`--${flag} is missing.`);
    return value;
  };
  const [project, given, pushEmail] = [needed('project'), needed('worker-url'), needed('push-email')];
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) throw new Error(`--worker-url must be a URL, not ${given}.`);
  const workerUrl = new URL(given).origin;
  if (!/^[^@\s]+@[^@\s]+$/.test(pushEmail)) throw new Error(`--push-email must be the address of a service account, not ${pushEmail}.`);
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(values.prefix)) throw new Error(`--prefix must be lower-case letters, digits and -, not ${values.prefix}.`);
  return { project, wish: { workerUrl, pushEmail, audience: values.audience ?? workerUrl, prefix: values.prefix } };
};

const main = async (argv: string[]): Promise<void> => {
  if (argv.includes('--help')) {
    process.stdout.write(help);
    return;
  }
  const { project, wish } = wishOf(argv);
  const client = new PubSub({ projectId: project });
  for (const { kind, name, outcome } of await provisionEvents(client, wish)) process.stdout.write(`${kind.padEnd(12)} ${name}: ${outcome}\n`);
  await client.close();
  const settings = {
    NEXUS_EVENTS: 'pubsub',
    NEXUS_PUBSUB_TOPIC: `projects/${project}/topics/${namesOf(wish.prefix).events}`,
    NEXUS_PUSH_AUDIENCE: wish.audience,
    NEXUS_PUSH_EMAIL: wish.pushEmail,
  };
  process.stdout.write(
    `\nThe worker's settings:\n${Object.entries(settings)
      .map(([name, value]) => `  ${name}=${value}\n`)
      .join('')}`,
  );
};

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\nSee npm run provision:events -- --help\n`);
  process.exit(1);
});
