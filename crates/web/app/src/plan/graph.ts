// What waits for what in a plan that is being edited, as the engine sees it (crates/core/src/graph.rs): the same cycle is
// named by the same path.
import type { Plan } from './model';

/** The keys of one cycle, each waiting for the next and the last for the first; null if there is none. */
export function cycleOf({ tasks }: Pick<Plan, 'tasks'>): string[] | null {
  const edges = placesOf(tasks);
  const marks = new Array<'new' | 'open' | 'closed'>(tasks.length).fill('new');
  for (let start = 0; start < tasks.length; start += 1) {
    if (marks[start] !== 'new') continue;
    const path: { node: number; next: number }[] = [{ node: start, next: 0 }];
    marks[start] = 'open';
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const on = edges[top.node]?.[top.next];
      if (on === undefined) {
        marks[top.node] = 'closed';
        path.pop();
        continue;
      }
      top.next += 1;
      if (marks[on] === 'new') {
        marks[on] = 'open';
        path.push({ node: on, next: 0 });
      } else if (marks[on] === 'open') {
        const from = path.findIndex(({ node }) => node === on);
        return path.slice(from).map(({ node }) => tasks[node]?.key ?? '');
      }
    }
  }
  return null;
}

/** The refusal of a cycle, in the words of the engine. */
export function cycleText(cycle: readonly string[]): string {
  return `tasks wait for each other: ${[...cycle, cycle[0]].join(' → ')}; remove one of these dependencies`;
}

/** How many tasks stand before each on the longest way to it. Tasks of a cycle, and what waits for them, have none. */
export function levelsOf({ tasks }: Pick<Plan, 'tasks'>): Map<string, number> {
  const edges = placesOf(tasks);
  const dependents = tasks.map((): number[] => []);
  edges.forEach((list, node) => list.forEach((on) => dependents[on]?.push(node)));
  const left = edges.map((list) => list.length);
  const levels = tasks.map(() => 0);
  const order = [...left.keys()].filter((node) => left[node] === 0);
  for (const node of order)
    for (const after of dependents[node] ?? []) {
      levels[after] = Math.max(levels[after] ?? 0, (levels[node] ?? 0) + 1);
      left[after] = (left[after] ?? 0) - 1;
      if (left[after] === 0) order.push(after);
    }
  return new Map(order.map((node) => [tasks[node]?.key ?? '', levels[node] ?? 0]));
}

/** What each task waits for, by place, in order and each once. What the plan does not have is left out. */
function placesOf(tasks: Plan['tasks']): number[][] {
  const places = new Map(tasks.map(({ key }, place) => [key, place]));
  return tasks.map(({ depends_on }) => {
    const known = depends_on.flatMap((key) => places.get(key) ?? []);
    return [...new Set(known)].sort((one, other) => one - other);
  });
}
