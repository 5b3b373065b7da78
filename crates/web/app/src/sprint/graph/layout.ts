// Where each task stands in the graph. The engine gives the rank of each task (how many stand before it on the longest
// way); what is left is the order within a rank, by the barycentre of the neighbours, which takes milliseconds for
// hundreds of tasks and is the same each time.
import type { SprintTask, TaskId } from '../../api/generated/team6.schemas';

export interface Place {
  x: number;
  y: number;
}

export const NODE = { width: 208, height: 56 };
const GAP = { x: 72, y: 20 };
const SWEEPS = 6;

export function layout(tasks: readonly SprintTask[]): Map<TaskId, Place> {
  const ranks = ranked(tasks);
  const before = new Map(tasks.map(({ task, depends_on }) => [task.id, depends_on]));
  const after = reversed(tasks);
  const heights = new Map<TaskId, number>();
  for (const rank of ranks) number(rank, heights);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    const neighbours = forward ? before : after;
    const order = forward ? ranks : [...ranks].reverse();
    for (const rank of order) {
      sortByNeighbours(rank, heights, neighbours);
      number(rank, heights);
    }
  }
  const tallest = Math.max(1, ...ranks.map((rank) => rank.length));
  const placed = new Map<TaskId, Place>();
  ranks.forEach((rank, column) =>
    rank.forEach((id, row) =>
      placed.set(id, {
        x: column * (NODE.width + GAP.x),
        // Short ranks stand in the middle of long ones.
        y: (row + (tallest - rank.length) / 2) * (NODE.height + GAP.y),
      }),
    ),
  );
  return placed;
}

function ranked(tasks: readonly SprintTask[]): TaskId[][] {
  const ranks: TaskId[][] = [];
  for (const { task, level } of tasks) (ranks[level ?? 0] ??= []).push(task.id);
  return Array.from(ranks, (rank) => rank ?? []).filter((rank) => rank.length > 0);
}

function reversed(tasks: readonly SprintTask[]): Map<TaskId, TaskId[]> {
  const after = new Map<TaskId, TaskId[]>();
  for (const { task, depends_on } of tasks)
    for (const id of depends_on) {
      const waits = after.get(id);
      if (waits) waits.push(task.id);
      else after.set(id, [task.id]);
    }
  return after;
}

/** Notes how high each of a rank stands, counted from its middle, so that ranks of different lengths compare fairly. */
function number(rank: readonly TaskId[], heights: Map<TaskId, number>) {
  rank.forEach((id, at) => heights.set(id, at - (rank.length - 1) / 2));
}

function sortByNeighbours(
  rank: TaskId[],
  heights: ReadonlyMap<TaskId, number>,
  neighbours: ReadonlyMap<TaskId, readonly TaskId[]>,
) {
  const centre = new Map(
    rank.map((id, at) => {
      const known = (neighbours.get(id) ?? []).flatMap((each) => heights.get(each) ?? []);
      const mean = known.reduce((sum, place) => sum + place, 0) / known.length;
      return [id, known.length > 0 ? mean : at - (rank.length - 1) / 2] as const;
    }),
  );
  rank.sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0) || a - b);
}

/** All that stands before a task and all that waits for it, at any distance. */
export function related(tasks: readonly SprintTask[], id: TaskId): Set<TaskId> {
  const before = new Map(tasks.map(({ task, depends_on }) => [task.id, depends_on]));
  const found = new Set<TaskId>([id]);
  for (const edges of [before, reversed(tasks)]) {
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const each of edges.get(next) ?? []) {
        if (found.has(each)) continue;
        found.add(each);
        open.push(each);
      }
  }
  return found;
}

/** Where the work is: the tasks that run, wait for a person, or could begin next. The graph opens there. */
export function frontier(tasks: readonly SprintTask[]): TaskId[] {
  const active = tasks.filter(({ task }) => !['done', 'cancelled', 'given up', 'waiting', 'idle'].includes(task.state));
  if (active.length > 0) return active.map(({ task }) => task.id);
  const open = tasks.filter(({ task }) => task.state === 'waiting' || task.state === 'idle');
  const first = Math.min(...open.map(({ level }) => level ?? 0));
  const next = open.filter(({ level }) => (level ?? 0) === first);
  return (next.length > 0 ? next : tasks).map(({ task }) => task.id);
}

/** The task to which an arrow key leads: along the edges, and within a rank. */
export function neighbour(
  tasks: readonly SprintTask[],
  placed: ReadonlyMap<TaskId, Place>,
  from: TaskId,
  key: string,
): TaskId | null {
  const here = placed.get(from);
  const task = tasks.find((each) => each.task.id === from);
  if (!here || !task) return null;
  const nearest = (ids: readonly TaskId[]) =>
    [...ids].sort((a, b) => distance(placed.get(a), here) - distance(placed.get(b), here))[0] ?? null;
  switch (key) {
    case 'ArrowLeft':
      return nearest(task.depends_on);
    case 'ArrowRight':
      return nearest(reversed(tasks).get(from) ?? []);
    case 'ArrowUp':
    case 'ArrowDown': {
      const down = key === 'ArrowDown';
      const same = tasks
        .map((each) => each.task.id)
        .filter((id) => placed.get(id)?.x === here.x && ((placed.get(id)?.y ?? 0) > here.y) === down && id !== from);
      return nearest(same);
    }
    default:
      return null;
  }
}

function distance(place: Place | undefined, from: Place): number {
  return place ? Math.abs(place.x - from.x) + Math.abs(place.y - from.y) : Infinity;
}
