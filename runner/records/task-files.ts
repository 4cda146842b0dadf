import { taskIdPattern } from '../../shared/ids.ts';
import { locate, type SpaceKey } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';

/** A task, and the life of the space that its request was accepted into. */
export interface TaskOfLife {
  epoch: number;
  task_id: string;
}

const folderName = ({ epoch, task_id }: TaskOfLife): string => `${epoch}-${task_id}`;

/** What a request's event names its stored payload by, within the space's payload folder. */
export const payloadRef = (task: TaskOfLife): string => `${folderName(task)}/request.json`;

/** Where a task keeps what it needs until it has ended, beside its space, so that it can go with it. */
export const taskFolder = (space: SpaceKey, task: TaskOfLife): string => `${locate(space).payloads}/${folderName(task)}`;

export const removeTaskFiles = async (blobs: Blobs, folder: string): Promise<void> => {
  for (const name of await blobs.list(folder)) await blobs.delete(`${folder}/${name}`);
};

/**
 * Removes what tasks of earlier lives of a space have left: those given up as dead letters, and those whose process died
 * at their very end. One that is still to run finds that its request went with the space.
 */
export const removeEarlierTaskFiles = async (blobs: Blobs, space: SpaceKey, epoch: number): Promise<void> => {
  const { payloads } = locate(space);
  for (const name of await blobs.list(payloads, { folders: true })) {
    const [, life, taskId = ''] = /^(\d+)-(.+)$/.exec(name) ?? [];
    if (taskIdPattern.test(taskId) && Number(life) < epoch) await removeTaskFiles(blobs, `${payloads}/${name}`);
  }
};
