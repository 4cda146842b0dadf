import type { Server } from 'node:http';
import type { Delivery } from './event-spine.ts';
import type { Log } from './ports/log.ts';
import type { Services } from './services.ts';

/** Cloud Run gives ten seconds between SIGTERM and SIGKILL. */
const stopWithinMs = 8_000;
/** A connection that has become idle while the server closes is closed this soon. */
const idlePollMs = 50;

/** Takes no more connections; resolves when the last answer has been given. */
const closed = async (server: Server): Promise<void> => {
  const idle = setInterval(() => server.closeIdleConnections(), idlePollMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(idle);
};

export interface Running {
  server: Server;
  services: Pick<Services, 'ending' | 'queue' | 'closeTelemetry'>;
  delivery: Delivery;
  log: Log;
}

/** In order: no new work, what is under way, what was published, what was measured. Work that takes too long goes back to the spine. */
const stop = async ({ server, services, delivery }: Running): Promise<void> => {
  services.ending.begin();
  await delivery.stop();
  await closed(server);
  await services.queue.drained();
  await delivery.close();
  await services.closeTelemetry();
};

/** SIGTERM and SIGINT end the process with 0, in less time than Cloud Run gives. Nothing is lost that was answered 202. */
export const stopOnSignal = (running: Running): void => {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    running.log.info('runner.stopping', { signal });
    setTimeout(() => process.exit(0), stopWithinMs).unref();
    stop(running).then(
      () => process.exit(0),
      (error: unknown) => {
        running.log.error('runner.stop_failed', { error: String(error) });
        process.exit(0);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
};
