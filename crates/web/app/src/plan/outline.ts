// A plan as an outline: a task stands under one that it waits for, if that is the line above it or one which that stands
// under; whatever else it waits for is named beside it. Pure edits, each of which is refused with the reason if tasks
// would wait for each other.
import { cycleOf, cycleText } from './graph';
import { type Plan, type Task, taskAt, withField, without } from './model';

export interface Line {
  task: Task;
  depth: number;
  /** The task it stands under. */
  parent: string | null;
  /** What else it waits for. */
  also: readonly string[];
}

export function outlineOf(plan: Plan): Line[] {
  // The line above and all that it stands under: under anything else a line would look as if it stood under these.
  let open: string[] = [];
  return plan.tasks.map((task) => {
    const depth = open.findLastIndex((key) => task.depends_on.includes(key)) + 1;
    const parent = open[depth - 1] ?? null;
    open = [...open.slice(0, depth), task.key];
    return { task, depth, parent, also: task.depends_on.filter((key) => key !== parent) };
  });
}

/** What came of an edit: another plan and what to say of it, or why not. */
export type Edited = { plan: Plan; told: string } | { refused: string };

/** Has a task wait for the one above it at its own depth. */
export function indent(plan: Plan, key: string): Edited {
  const lines = outlineOf(plan);
  const at = lines.findIndex(({ task }) => task.key === key);
  const line = lines[at];
  const above = lines.slice(0, Math.max(0, at)).findLast(({ depth }) => depth <= (line?.depth ?? 0));
  if (!line || above?.depth !== line.depth) return { refused: 'nothing above it at the same depth; move it below what it should wait for' };
  return under(plan, line, above.task.key);
}

/** Has a task wait for what the one it stands under waits for. */
export function outdent(plan: Plan, key: string): Edited {
  const lines = outlineOf(plan);
  const line = lines.find(({ task }) => task.key === key);
  if (!line || line.parent === null) return { refused: 'it stands under nothing' };
  return under(plan, line, lines.find(({ task }) => task.key === line.parent)?.parent ?? null);
}

function under(plan: Plan, { task, parent }: Line, next: string | null): Edited {
  const kept = task.depends_on.filter((key) => key !== parent && key !== next);
  const depends_on = next === null ? kept : [...kept, next];
  const titled = (key: string | null) => (key === null ? '' : (taskAt(plan, key)?.title ?? key));
  const told = next === null ? `${task.title} no longer waits for ${titled(parent)}` : `${task.title} waits for ${titled(next)}`;
  return waits(plan, task.key, depends_on, told);
}

/** Has a task wait for others, unless they then wait for each other. */
export function waits(plan: Plan, key: string, depends_on: readonly string[], told: string): Edited {
  const edited = withField(plan, key, 'depends_on', depends_on);
  const cycle = cycleOf(edited);
  return cycle && !cycleOf(plan) ? { refused: cycleText(cycle) } : { plan: edited, told };
}

/** Moves a task one line up or down. What waits for what stays. */
export function move(plan: Plan, key: string, by: -1 | 1): Edited {
  const from = plan.tasks.findIndex((task) => task.key === key);
  const to = from + by;
  const task = plan.tasks[from];
  if (!task || to < 0 || to >= plan.tasks.length) return { refused: by < 0 ? 'it is the first one' : 'it is the last one' };
  const tasks = plan.tasks.filter((each) => each.key !== key);
  return { plan: { ...plan, tasks: [...tasks.slice(0, to), task, ...tasks.slice(to)] }, told: `${task.title} is number ${to + 1}` };
}

/** Puts a new task below another, or at the end; it waits for what that one stands under, and touches what it does. */
export function add(plan: Plan, below: string | null, key: string, known: readonly string[] = []): Plan {
  const at = below === null ? -1 : plan.tasks.findIndex((task) => task.key === below);
  const beside = outlineOf(plan)[at];
  const task: Task = {
    key,
    title: '',
    what: '',
    why: '',
    acceptance_criteria: [],
    depends_on: beside?.parent ? [beside.parent] : [],
    estimate_minutes: 30,
    priority: 'normal',
    specialty: null,
    // Most plans have one repository; a task of another says so itself.
    repositories: beside?.task.repositories ?? plan.tasks[0]?.repositories ?? known,
    paths: [],
  };
  const place = at < 0 ? plan.tasks.length : at + 1;
  return { ...plan, tasks: [...plan.tasks.slice(0, place), task, ...plan.tasks.slice(place)] };
}

/** Takes a task away; what is given puts it back where it was, whatever was changed since. */
export function remove(plan: Plan, key: string): { plan: Plan; back: (plan: Plan) => Plan } {
  const at = plan.tasks.findIndex((task) => task.key === key);
  const task = plan.tasks[at];
  const waiting = new Set(plan.tasks.filter(({ depends_on }) => depends_on.includes(key)).map((each) => each.key));
  const back = (now: Plan): Plan => {
    if (!task || taskAt(now, key)) return now;
    const known = task.depends_on.filter((on) => taskAt(now, on));
    const tasks = now.tasks.map((each) => (waiting.has(each.key) ? { ...each, depends_on: [...each.depends_on, key] } : each));
    const restored = { ...now, tasks: [...tasks.slice(0, at), { ...task, depends_on: known }, ...tasks.slice(at)] };
    // Somebody may have turned a dependency round meanwhile: then it comes back without those that wait for it.
    return cycleOf(restored) ? { ...restored, tasks: [...now.tasks.slice(0, at), { ...task, depends_on: [] }, ...now.tasks.slice(at)] } : restored;
  };
  return { plan: without(plan, key), back };
}

/** A key that nobody else takes for a new task at the same time. */
export function newKey(plan: Plan, random: () => number = Math.random): string {
  for (;;) {
    const key = `task-${Math.floor(random() * 36 ** 4).toString(36).padStart(4, '0')}`;
    if (!taskAt(plan, key)) return key;
  }
}
