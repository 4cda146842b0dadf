import { cleanEnvironment, EnvironmentError, parseEnvironment } from './environment.ts';
import { listen } from './http/listen.ts';
import { jsonLog } from './ports/log.ts';
import { buildServices } from './services.ts';
import { sweep } from './worker/sweep.ts';

/** Cloud Run gives ten seconds between SIGTERM and SIGKILL. */
const stopWithinMs = 8_000;

const log = jsonLog(
  (line) => process.stdout.write(line),
  () => new Date(),
);

const start = async (): Promise<void> => {
  const env = parseEnvironment(process.env);
  cleanEnvironment(process.env);
  const { services, delivery } = await buildServices(env, log);
  // Locally nobody but this machine is served.
  const hostname = env.NEXUS_PROFILE === 'local' ? '127.0.0.1' : '0.0.0.0';
  const { server, port } = await listen(services, env.PORT, hostname);
  log.info('runner.listening', { port, role: env.NEXUS_ROLE, instance: services.instance });
  delivery.start(`http://127.0.0.1:${port}`);
  // In the cloud a scheduler asks for it; here nobody else does.
  if (env.NEXUS_PROFILE === 'local' && env.NEXUS_ROLE !== 'query')
    sweep(services).catch((error: unknown) => log.error('sweep.failed', { error: String(error) }));

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), stopWithinMs).unref();
    await delivery.stop();
    await services.queue.drained();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
};

const fail = (error: unknown): void => {
  process.stderr.write(
    `${error instanceof EnvironmentError ? error.message : `The runner cannot start: ${error instanceof Error ? error.message : String(error)}`}\n`,
  );
  process.exit(1);
};

start().catch(fail);
