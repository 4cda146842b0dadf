/** Position of a request in the order of acceptance: the spine's stamp, ties by task. */
export interface Order {
  /** Unix microseconds. */
  seq: number;
  task_id: string;
}

/** Negative when `a` was accepted before `b`, 0 when they are one request (which may have been published twice). */
export const compareOrder = (a: Order, b: Order): number => {
  if (a.task_id === b.task_id) return 0;
  return a.seq - b.seq || (a.task_id < b.task_id ? -1 : 1);
};
