// A plan as the wizard works on it: every field is there, so that two of them can be compared. Plain data, never changed
// in place.
import type { Plan as SentPlan, PlannedTask, Priority } from '../api/generated/team6.schemas';

export interface Task {
  key: string;
  title: string;
  what: string;
  why: string;
  acceptance_criteria: readonly string[];
  depends_on: readonly string[];
  estimate_minutes: number;
  priority: Priority;
  specialty: string | null;
  repositories: readonly string[];
  paths: readonly string[];
}

export interface Plan {
  title: string;
  prd: string;
  tasks: readonly Task[];
}

export type Field = Exclude<keyof Task, 'key'>;

/** The fields of a task in the order in which people read them, and how they are called. */
export const FIELDS: readonly { field: Field; name: string }[] = [
  { field: 'title', name: 'title' },
  { field: 'what', name: 'what' },
  { field: 'why', name: 'why' },
  { field: 'acceptance_criteria', name: 'done when' },
  { field: 'depends_on', name: 'waits for' },
  { field: 'estimate_minutes', name: 'estimate' },
  { field: 'priority', name: 'priority' },
  { field: 'specialty', name: 'field' },
  { field: 'repositories', name: 'repositories' },
  { field: 'paths', name: 'paths' },
];

export const EMPTY: Plan = { title: '', prd: '', tasks: [] };

/** The plan as the server tells of it, with what it leaves out. */
export function planOf(sent: SentPlan): Plan {
  return { title: sent.title, prd: sent.prd, tasks: sent.tasks.map(taskOf) };
}

function taskOf(sent: PlannedTask): Task {
  return {
    key: sent.key,
    title: sent.title,
    what: sent.what ?? '',
    why: sent.why ?? '',
    acceptance_criteria: sent.acceptance_criteria ?? [],
    depends_on: sent.depends_on ?? [],
    estimate_minutes: sent.estimate_minutes,
    priority: sent.priority ?? 'normal',
    specialty: sent.specialty ?? null,
    repositories: sent.repositories,
    paths: sent.paths ?? [],
  };
}

/** The plan as the server takes it. */
export function sentOf(plan: Plan): SentPlan {
  return {
    ...plan,
    tasks: plan.tasks.map((task) => ({
      ...task,
      acceptance_criteria: task.acceptance_criteria.filter((text) => text.trim() !== ''),
      depends_on: [...task.depends_on],
      repositories: [...task.repositories],
      paths: task.paths.filter((path) => path.trim() !== ''),
    })),
  };
}

/** Whether two values of a field, two tasks or two plans say the same. Their keys stand in one order. */
export function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

export function taskAt(plan: Plan, key: string): Task | undefined {
  return plan.tasks.find((task) => task.key === key);
}

/** The plan with a field of a task changed; as it was if it has no such task. */
export function withField<F extends Field>(plan: Plan, key: string, field: F, value: Task[F]): Plan {
  return { ...plan, tasks: plan.tasks.map((task) => (task.key === key ? { ...task, [field]: value } : task)) };
}

/** The plan without a task, for which nothing waits any more. */
export function without(plan: Plan, key: string): Plan {
  return {
    ...plan,
    tasks: plan.tasks
      .filter((task) => task.key !== key)
      .map((task) =>
        task.depends_on.includes(key) ? { ...task, depends_on: task.depends_on.filter((each) => each !== key) } : task,
      ),
  };
}
