import { cleanEnvironment, EnvironmentError, parseEnvironment } from './environment.ts';
import { listen } from './http/listen.ts';
import { jsonLog, linesTogether } from './ports/log.ts';
import { buildServices } from './services.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { sweep } from './worker/sweep.ts';

const log = jsonLog(
  linesTogether((lines) => process.stdout.write(lines)),
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
  // Loads the clients of object stores, which then fetch tokens and open connections, before the first request wants them.
  services.problems().catch(() => undefined);
  // In the cloud a scheduler asks for it; here nobody else does.
  if (env.NEXUS_PROFILE === 'local' && env.NEXUS_ROLE !== 'query')
    sweep(services).catch((error: unknown) => log.error('sweep.failed', { error: String(error) }));
  stopOnSignal({ server, services, delivery, log });
};

const fail = (error: unknown): void => {
  process.stderr.write(
    `${error instanceof EnvironmentError ? error.message : `The runner cannot start: ${error instanceof Error ? error.message : String(error)}`}\n`,
  );
  process.exit(1);
};

start().catch(fail);
