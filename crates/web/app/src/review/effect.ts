// What approving and merging comes to, said before it is done. Pure.
import type { MergeForecast, SprintTask, TaskDetail } from '../api/generated/team6.schemas';

/** Whether it is there to be decided on. */
export function isOffered({ task: { state } }: Pick<TaskDetail, 'task'>): boolean {
  return state === 'in review' || state === 'delivered';
}

/** One sentence for what is merged and what that lets begin. */
export function effectOf(detail: TaskDetail, forecasts: readonly MergeForecast[], tasks: readonly SprintTask[]): string {
  const merged = inMergeOrder(detail).filter(({ merged }) => merged == null);
  const names = merged.map(({ repository, number }) => `${repository} #${number ?? '?'}`);
  const order = names.length > 1 ? ', in this order' : '';
  const stays = forecasts.filter(({ merges }) => !merges).map(({ repository, text }) => `${repository} ${text}`);
  const does = names.length === 0 ? 'Nothing is left to merge' : `Merges ${list(names)}${order}`;
  const { free, waiting } = freedBy(detail, tasks);
  const frees = free.length > 0 ? `; unblocks ${list(free)}` : '; no task begins by it';
  const wait = waiting.length > 0 ? `. ${list(waiting)} still ${waiting.length > 1 ? 'wait' : 'waits'} for others` : '';
  const trouble = stays.length > 0 ? `. But ${stays.join('; ')}` : '';
  return `${does}${frees}${wait}${trouble}.`;
}

/** The pull requests in the order of merging. */
export function inMergeOrder({ pull_requests: pulls, packet }: Pick<TaskDetail, 'pull_requests' | 'packet'>) {
  const order = packet?.changes.map(({ repository }) => repository) ?? [];
  const place = (repository: string) => (order.includes(repository) ? order.indexOf(repository) : order.length);
  return [...pulls].sort((one, other) => place(one.repository) - place(other.repository));
}

/** Which tasks wait for this one alone, and which for others too. */
export function freedBy(detail: Pick<TaskDetail, 'task' | 'dependents'>, tasks: readonly SprintTask[]) {
  const isDone = (id: number) => id === detail.task.id || tasks.some(({ task }) => task.id === id && task.state === 'done');
  const open = detail.dependents.filter(({ state }) => !['done', 'cancelled', 'given up'].includes(state));
  const needs = (id: number) => tasks.find(({ task }) => task.id === id)?.depends_on ?? [];
  const [free, waiting]: [string[], string[]] = [[], []];
  for (const { id } of open) (needs(id).every(isDone) ? free : waiting).push(`T-${id}`);
  return { free, waiting };
}

function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}
