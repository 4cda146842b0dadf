import type { z } from 'zod';
import type { spacesQuerySchema, spacesResponseSchema } from '../shared/http/spaces.ts';
import type { Task, tasksQuerySchema, tasksResponseSchema } from '../shared/http/tasks.ts';
import { type PagedList, pagedList } from './pages.ts';
import { Space } from './space.ts';
import { getTask, type WaitOptions, waitForTask } from './task.ts';
import { type CallOptions, sleep, Transport, type TransportOptions } from './transport.ts';

export type SpacesPage = z.infer<typeof spacesResponseSchema>;
export type SpaceEntry = SpacesPage['spaces'][number];
export type TasksPage = z.infer<typeof tasksResponseSchema>;
export type ListSpacesOptions = Omit<z.infer<typeof spacesQuerySchema>, 'cursor'> & CallOptions;
export type ListTasksOptions = Omit<z.infer<typeof tasksQuerySchema>, 'cursor'> & CallOptions;

export interface NexusOptions {
  /** The edge, e.g. `http://127.0.0.1:8787`. */
  url: string;
  /** A JWT or an API key. */
  token: string;
  /** These three choose among what the credential allows; leave them out when it allows exactly one. */
  env?: string | undefined;
  projectId?: string | undefined;
  surfaceId?: string | undefined;
  /** The platform's, unless given. */
  fetch?: typeof fetch;
  now?: TransportOptions['now'];
  sleep?: TransportOptions['sleep'];
}

const contextHeaders = ({ token, env, projectId, surfaceId }: NexusOptions): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  ...(env === undefined ? {} : { 'x-env': env }),
  ...(projectId === undefined ? {} : { 'x-project-id': projectId }),
  ...(surfaceId === undefined ? {} : { 'x-surface-id': surfaceId }),
});

/**
 * The API as one caller in one context sees it. Answers are given as they come: fields that this version does not
 * know are kept. Every call throws `NexusApiError`, `NexusConnectionError`, `NexusTimeoutError`, or its signal's reason.
 */
export class Nexus {
  private readonly transport: Transport;

  constructor(options: NexusOptions) {
    if (!options.token) throw new TypeError('createNexus needs a token: a JWT or an API key.');
    this.transport = new Transport({
      url: options.url,
      headers: contextHeaders(options),
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      now: options.now ?? Date.now,
      sleep: options.sleep ?? sleep,
    });
  }

  space(id: string): Space {
    return new Space(this.transport, id);
  }

  /** Spaces by name. */
  spaces({ scope, limit, ...options }: ListSpacesOptions = {}): PagedList<SpacesPage, SpaceEntry> {
    return pagedList(
      (cursor) => this.transport.json<SpacesPage>({ method: 'GET', path: '/nexus/spaces', query: { scope, limit, cursor }, repeatable: true, ...options }),
      (page) => page.spaces,
    );
  }

  task(taskId: string, options: CallOptions = {}): Promise<Task> {
    return getTask(this.transport, taskId, options);
  }

  /** Tasks of this context, newest first. */
  tasks({ space_id, status, limit, ...options }: ListTasksOptions = {}): PagedList<TasksPage, Task> {
    const query = { space_id, status, limit };
    return pagedList(
      (cursor) => this.transport.json<TasksPage>({ method: 'GET', path: '/nexus/tasks', query: { ...query, cursor }, repeatable: true, ...options }),
      (page) => page.tasks,
    );
  }

  /** Resolves when the task has ended, also as `partial` or `failed`. */
  waitForTask(taskId: string, options: WaitOptions = {}): Promise<Task> {
    return waitForTask(this.transport, taskId, options);
  }
}

export const createNexus = (options: NexusOptions): Nexus => new Nexus(options);
