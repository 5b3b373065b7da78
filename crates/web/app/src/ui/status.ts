// The states of tasks and sprints as six statuses, each with a shape and a colour of its own.
export const STATUSES = ['assigned', 'progress', 'review', 'done', 'failed', 'blocked', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

const OF_STATE: Record<string, Status> = {
  idle: 'assigned',
  waiting: 'assigned',
  assigned: 'assigned',
  'waiting for subtasks': 'assigned',
  'in progress': 'progress',
  'being checked': 'progress',
  publishing: 'progress',
  'being brought up to date': 'progress',
  merging: 'progress',
  reverting: 'progress',
  delivered: 'review',
  'in review': 'review',
  done: 'done',
  failed: 'failed',
  held: 'blocked',
  'asking its owner': 'blocked',
  'given up': 'cancelled',
  cancelled: 'cancelled',
};

/** The status of a task by what people call its state. */
export function statusOf(state: string): Status {
  return OF_STATE[state] ?? 'assigned';
}

/** The groups in which a sprint counts its tasks, as `Counts` of the API does. */
export const GROUPS = ['running', 'review', 'stuck', 'waiting', 'done', 'cancelled'] as const;
export type Group = (typeof GROUPS)[number];

export const GROUP_STATUS: Record<Group, Status> = {
  running: 'progress',
  review: 'review',
  stuck: 'blocked',
  waiting: 'assigned',
  done: 'done',
  cancelled: 'cancelled',
};

export const GROUP_NAME: Record<Group, string> = {
  running: 'running',
  review: 'in review',
  stuck: 'stuck',
  waiting: 'waiting',
  done: 'done',
  cancelled: 'cancelled',
};

const GROUP_STATES: Record<Group, readonly string[]> = {
  running: ['assigned', 'in progress'],
  review: ['being checked', 'publishing', 'being brought up to date', 'delivered', 'in review', 'merging', 'reverting'],
  stuck: ['held', 'asking its owner', 'failed'],
  waiting: ['idle', 'waiting', 'waiting for subtasks'],
  done: ['done'],
  cancelled: ['cancelled', 'given up'],
};

/** In which of a sprint's counts a task stands. A queued task is told as assigned, like one whose workspace is made. */
export function groupOf(state: string): Group {
  return GROUPS.find((group) => GROUP_STATES[group].includes(state)) ?? 'waiting';
}

/** Whether a task has come to its end, be it a good one. */
export function isEnded(state: string): boolean {
  return state === 'done' || groupOf(state) === 'cancelled';
}
