import { createServer, type Server } from 'node:net';
import { StartError, type StartOptions } from './options.ts';

/** Everything listens here and nowhere else. */
export const host = '127.0.0.1';

const listening = (port: number, flag: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used' : 'is in use';
      reject(new StartError(`Port ${port} ${why}. Choose another with --${flag} N, or --${flag} 0 for any free one.`));
    });
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
};

/** Ports that are free now, both held until both are known. @throws StartError naming the flag */
export const choosePorts = async ({ port, runnerPort }: StartOptions): Promise<{ edge: number; runner: number }> => {
  const edge = await listening(port, 'port');
  try {
    const runner = await listening(runnerPort, 'runner-port');
    const ports = { edge: portOf(edge), runner: portOf(runner) };
    await closed(runner);
    return ports;
  } finally {
    await closed(edge);
  }
};
