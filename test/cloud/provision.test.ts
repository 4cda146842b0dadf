import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PubSub } from '@google-cloud/pubsub';
import { afterAll, expect, inject, test } from 'vitest';
import { namesOf } from '../../deploy/event-resources.ts';

/** `npm run provision:events`, as an operator runs it, on the emulator. */

const project = 'nexus-provision';
const client = new PubSub({ projectId: project, apiEndpoint: inject('pubsubEmulator'), emulatorMode: true, universeDomain: 'googleapis.com' });
afterAll(() => client.close());

const program = fileURLToPath(new URL('../../deploy/provision-events.ts', import.meta.url));
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...args], {
    env: { PATH: process.env.PATH, HOME: '/', PUBSUB_EMULATOR_HOST: inject('pubsubEmulator'), METADATA_SERVER_DETECTION: 'none' },
  });

const wish = (url: string): string[] => [
  '--project',
  project,
  '--worker-url',
  url,
  '--push-email',
  'nexus-push@project.iam.example',
  '--audience',
  'nexus-worker',
];

test('makes the spine once, and brings it up to date whenever it runs again', async () => {
  const names = namesOf('nexus');
  const first = await run(...wish('https://worker.example'));
  expect(first.stdout.match(/: created/g)).toHaveLength(5);
  expect(first.stdout).toContain(`NEXUS_PUBSUB_TOPIC=projects/${project}/topics/nexus-events`);
  const second = await run(...wish('https://moved.example'));
  expect(second.stdout.match(/: brought up to date/g)).toHaveLength(5);

  const [events] = await client.subscription(names.eventsPush).getMetadata();
  expect(events.pushConfig).toMatchObject({
    pushEndpoint: 'https://moved.example/worker/events',
    oidcToken: { serviceAccountEmail: 'nexus-push@project.iam.example', audience: 'nexus-worker' },
  });
  expect(events).toMatchObject({
    ackDeadlineSeconds: 600,
    deadLetterPolicy: { deadLetterTopic: client.topic(names.deadLetters).name, maxDeliveryAttempts: 60 },
  });
  const [deadLetters] = await client.subscription(names.deadLettersPush).getMetadata();
  expect(deadLetters).toMatchObject({ topic: client.topic(names.deadLetters).name, pushConfig: { pushEndpoint: 'https://moved.example/worker/dead-letters' } });
  const [topics] = await client.getTopics();
  expect(topics.length).toBe(2);
});

test.each([
  [[], /--project is missing/],
  [wish('worker.example'), /--worker-url must be a URL/],
  [[...wish('https://worker.example'), '--prefix', 'Nexus!'], /--prefix must be/],
  [[...wish('https://worker.example'), '--what'], /Unknown option/],
])('%o is refused before anything is made', async (args, words) => {
  const failed = await run(...args).catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
});
