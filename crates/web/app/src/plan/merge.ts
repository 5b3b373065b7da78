// Two people edit one plan at once: what one changed and the other did not is taken from whoever changed it. What both
// changed differently stays as it is here and is offered beside theirs; until somebody chooses, theirs is what is saved.
import { FIELDS, type Field, type Plan, type Task, same, taskAt, withField, without } from './model';

/** Something that both changed. */
export interface Conflict {
  /** The task; null for the plan itself. */
  key: string | null;
  /** The field; `task` if one took the task away and the other changed it. */
  field: Field | 'prd' | 'task';
  /** What the other made of it; null if the task was taken away. */
  theirs: unknown;
  /** Who the other is. */
  by: string;
}

export interface Merged {
  plan: Plan;
  conflicts: Conflict[];
}

const LISTS = new Set<Field>(['acceptance_criteria', 'depends_on', 'repositories', 'paths']);

export function merge(base: Plan, mine: Plan, theirs: Plan, by: string): Merged {
  const conflicts: Conflict[] = [];
  const clash = (key: string | null, field: Conflict['field'], value: unknown) =>
    void conflicts.push({ key, field, theirs: value, by });
  const tasks = new Map<string, Task>();
  for (const key of new Set([...mine.tasks, ...theirs.tasks].map((task) => task.key))) {
    const [was, here, there] = [taskAt(base, key), taskAt(mine, key), taskAt(theirs, key)];
    if (here && there) tasks.set(key, mergeTask(was, here, there, (field, value) => clash(key, field, value)));
    else if (here) {
      if (was && !same(was, here)) clash(key, 'task', null);
      if (!was || !same(was, here)) tasks.set(key, here);
    } else if (there) {
      if (!was) tasks.set(key, there);
      else if (!same(was, there)) clash(key, 'task', there);
    }
  }
  const order = mergeOrder(base, mine, theirs).filter((key) => tasks.has(key));
  const ordered = order.flatMap((key) => tasks.get(key) ?? []);
  const prd = mergeText(base.prd, mine.prd, theirs.prd);
  if (prd === null) clash(null, 'prd', theirs.prd);
  return {
    conflicts,
    plan: {
      title: mine.title === base.title ? theirs.title : mine.title,
      prd: prd ?? mine.prd,
      tasks: ordered.map((task) => {
        const known = task.depends_on.filter((key) => tasks.has(key));
        return known.length === task.depends_on.length ? task : { ...task, depends_on: known };
      }),
    },
  };
}

function mergeTask(was: Task | undefined, here: Task, there: Task, clash: (field: Field, value: unknown) => void): Task {
  const merged: Record<string, unknown> = { ...here };
  for (const { field } of FIELDS) {
    if (same(here[field], there[field]) || (was && same(was[field], there[field]))) continue;
    if (was && same(was[field], here[field])) merged[field] = there[field];
    else if (LISTS.has(field)) merged[field] = mergeList(was?.[field] as string[] | undefined, here[field] as string[], there[field] as string[]);
    else clash(field, there[field]);
  }
  return merged as unknown as Task;
}

/** What either added is in, what either took away is out. */
function mergeList(was: readonly string[] = [], here: readonly string[], there: readonly string[]): string[] {
  const kept = here.filter((item) => there.includes(item) || !was.includes(item));
  return [...kept, ...there.filter((item) => !was.includes(item) && !here.includes(item))];
}

/** Whoever moved tasks decides the order; what only the other has comes after what it came after. */
function mergeOrder(base: Plan, mine: Plan, theirs: Plan): string[] {
  const keys = (plan: Plan) => plan.tasks.map((task) => task.key);
  const common = (plan: Plan, other: Plan) => keys(plan).filter((key) => taskAt(other, key));
  const moved = !same(common(mine, base), common(base, mine));
  const [order, other] = moved ? [keys(mine), keys(theirs)] : [keys(theirs), keys(mine)];
  other.forEach((key, at) => {
    if (order.includes(key)) return;
    const before = other.slice(0, at).findLast((each) => order.includes(each));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, key);
  });
  return order;
}

/** Lines that only one of two changed; null if both changed the same place. */
export function mergeText(base: string, mine: string, theirs: string): string | null {
  if (mine === theirs || theirs === base) return mine;
  if (mine === base) return theirs;
  const [was, here, there] = [base.split('\n'), mine.split('\n'), theirs.split('\n')];
  const [one, other] = [changed(was, here), changed(was, there)];
  // Nothing tells in which order two insertions at one place belong.
  if (one.to < other.from || (one.to === other.from && one.from < one.to && other.from < other.to)) return join(was, one, other);
  if (other.to < one.from || (other.to === one.from && one.from < one.to && other.from < other.to)) return join(was, other, one);
  return null;
}

interface Range {
  from: number;
  to: number;
  lines: string[];
}

/** The lines of a text that differ, from the first to the last. */
function changed(was: readonly string[], now: readonly string[]): Range {
  let from = 0;
  while (from < was.length && from < now.length && was[from] === now[from]) from += 1;
  let end = 0;
  while (end < was.length - from && end < now.length - from && was.at(-1 - end) === now.at(-1 - end)) end += 1;
  return { from, to: was.length - end, lines: now.slice(from, now.length - end) };
}

function join(was: readonly string[], first: Range, second: Range): string {
  return [...was.slice(0, first.from), ...first.lines, ...was.slice(first.to, second.from), ...second.lines, ...was.slice(second.to)].join('\n');
}

/** What a plan says of something that both changed; null for a task that it does not have. */
export function valueOf(plan: Plan, { key, field }: Conflict): unknown {
  if (key === null) return plan.prd;
  const task = taskAt(plan, key);
  return field === 'task' ? (task ?? null) : field === 'prd' ? null : (task?.[field] ?? null);
}

/** The plan with theirs in the places of conflicts. */
export function withTheirs(plan: Plan, conflicts: readonly Conflict[]): Plan {
  return conflicts.reduce((now, { key, field, theirs }) => {
    if (key === null) return { ...now, prd: String(theirs) };
    if (field !== 'task' && field !== 'prd') return withField(now, key, field, theirs as never);
    if (theirs === null) return without(now, key);
    const task = theirs as Task;
    if (taskAt(now, key)) return { ...now, tasks: now.tasks.map((each) => (each.key === key ? task : each)) };
    return { ...now, tasks: [...now.tasks, { ...task, depends_on: task.depends_on.filter((on) => taskAt(now, on)) }] };
  }, plan);
}

/** Conflicts that still are, once another version came: those of before keep being offered, with what is theirs now. */
export function stillOpen(before: readonly Conflict[], found: readonly Conflict[], plan: Plan, theirs: Plan): Conflict[] {
  const is = (one: Conflict) => (other: Conflict) => one.key === other.key && one.field === other.field;
  const kept = before
    .filter((each) => !found.some(is(each)))
    .map((each) => ({ ...each, theirs: valueOf(theirs, each) }))
    .filter((each) => !same(each.theirs, valueOf(plan, each)));
  return [...kept, ...found];
}
