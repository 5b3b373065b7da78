// What the address of each page may say beside its path. Whatever an address says that is not of this is as if it was not
// there: nobody who follows an old or mangled link is turned away. Pure.
import { GROUPS, type Group } from './ui/status';

/** What stands after the `?`, of which nothing is known yet. */
export type Given = Record<string, unknown>;

/** The project that is looked at, which goes along from page to page; all of them unless given. */
export interface ShellSearch {
  project?: string;
}

export const shellSearch = (given: Given): ShellSearch => text(given, 'project');

export interface InboxSearch {
  /** The entry in the inspector, by its key. */
  item?: string;
  /** Only one's own unless said. */
  whose?: 'everyone';
}

export const inboxSearch = (given: Given): InboxSearch => ({ ...text(given, 'item'), ...one(given, 'whose', ['everyone']) });

export interface SprintsSearch {
  /** Those that are open unless said. */
  phase?: 'closed';
}

export const sprintsSearch = (given: Given): SprintsSearch => one(given, 'phase', ['closed']);

export const VIEWS = ['graph', 'list', 'board', 'timeline'] as const;
export type View = (typeof VIEWS)[number];

export const OVER = ['critical', 'merges'] as const;
export type Over = (typeof OVER)[number];

export interface SprintSearch {
  view?: View;
  /** Only the tasks that are counted here. */
  show?: Group;
  /** What the graph brings out: the chain that takes longest, or what is open to be merged. */
  over?: Over;
  /** The task in the inspector. */
  task?: number;
}

export const sprintSearch = (given: Given): SprintSearch => ({
  ...one(given, 'view', VIEWS),
  ...one(given, 'show', GROUPS),
  ...one(given, 'over', OVER),
  ...number(given, 'task'),
});

export const REPLAY_VIEWS = ['graph', 'list'] as const;

export interface ReplaySearch {
  /** The version of the sprint; the newest unless given. */
  at?: number;
  view?: (typeof REPLAY_VIEWS)[number];
  task?: number;
}

export const replaySearch = (given: Given): ReplaySearch => ({ ...number(given, 'at', 'task'), ...one(given, 'view', REPLAY_VIEWS) });

export const TABS = ['activity', 'changes', 'plan', 'subtasks', 'checks', 'memory', 'attempts', 'cost'] as const;
export type Tab = (typeof TABS)[number];

export const FILTERS = ['all', 'messages', 'tools', 'edits', 'errors'] as const;
export type Filter = (typeof FILTERS)[number];

export interface TaskSearch {
  tab?: Tab;
  /** The attempt whose trace is shown; the newest unless given. */
  attempt?: string;
  /** The entry of the trace in the inspector. */
  entry?: number;
  /** Which rows of the trace are shown, and with which words. */
  show?: Filter;
  q?: string;
  /** The receipt whose log is shown, and whether it is that of the base. */
  receipt?: number;
  of?: 'base';
}

export const taskSearch = (given: Given): TaskSearch => ({
  ...one(given, 'tab', TABS),
  ...one(given, 'show', FILTERS),
  ...text(given, 'attempt', 'q'),
  ...number(given, 'entry', 'receipt'),
  ...one(given, 'of', ['base']),
});

export interface ReviewSearch {
  /** The file that is looked at, and its lines: from one to another, as they are now or as they were. */
  repository?: string;
  file?: string;
  line?: number;
  end?: number;
  side?: 'old';
  /** The thread that is looked at, wherever it stands. */
  thread?: number;
  /** Split unless said. */
  view?: 'unified';
  /** What is compared with; by whether one has reviewed it unless said. */
  since?: 'all' | 'last';
}

export const reviewSearch = (given: Given): ReviewSearch => ({
  ...text(given, 'repository', 'file'),
  ...number(given, 'line', 'end', 'thread'),
  ...one(given, 'side', ['old']),
  ...one(given, 'view', ['unified']),
  ...one(given, 'since', ['all', 'last']),
});

const PANELS = ['conflicts', 'revision', 'revise', 'versions'] as const;

export interface PlanSearch {
  /** The task in the inspector, by its key. */
  task?: string;
  /** What else is there. */
  panel?: (typeof PANELS)[number];
  /** The version that is compared. */
  version?: number;
  /** The attempt of the planning agent that is shown, the newest unless given, and the entry of its trace. */
  attempt?: string;
  entry?: number;
  /** Whether a task is added at once. */
  add?: true;
}

export const planSearch = (given: Given): PlanSearch => ({
  ...text(given, 'task', 'attempt'),
  ...one(given, 'panel', PANELS),
  ...number(given, 'version', 'entry'),
  ...flag(given, 'add'),
});

export interface AgentsSearch {
  /** The agent in the inspector. */
  agent?: string;
}

export const agentsSearch = (given: Given): AgentsSearch => text(given, 'agent');

const QUEUED = ['due', 'delayed', 'active', 'stalled'] as const;

export interface WorkersSearch {
  project?: string;
  /** Only the attempts that are counted here. */
  show?: (typeof QUEUED)[number];
}

export const workersSearch = (given: Given): WorkersSearch => ({ ...text(given, 'project'), ...one(given, 'show', QUEUED) });

const MEMORY_KINDS = ['decision', 'convention', 'pitfall', 'command'] as const;
const MEMORY_STATES = ['active', 'candidate', 'superseded', 'retired', 'any'] as const;

export interface MemorySearch {
  project?: string;
  q?: string;
  kind?: (typeof MEMORY_KINDS)[number];
  state?: (typeof MEMORY_STATES)[number];
  /** Only what holds in this repository. */
  repo?: string;
  /** The memory in the inspector. */
  memory?: number;
  /** Whether one is being added there. */
  add?: true;
}

export const memorySearch = (given: Given): MemorySearch => ({
  ...text(given, 'project', 'q', 'repo'),
  ...one(given, 'kind', MEMORY_KINDS),
  ...one(given, 'state', MEMORY_STATES),
  ...number(given, 'memory'),
  ...flag(given, 'add'),
});

/** What is in the inspector: a repository, one that is being connected to a project, or a new project. */
export interface ReposSearch {
  repo?: string;
  connect?: string;
  add?: true;
}

export const reposSearch = (given: Given): ReposSearch => ({ ...text(given, 'repo', 'connect'), ...flag(given, 'add') });

export const COSTS_BY = ['sprint', 'task', 'agent', 'model', 'day'] as const;
export type CostsBy = (typeof COSTS_BY)[number];

export interface CostsSearch {
  by?: CostsBy;
  project?: string;
  sprint?: number;
  agent?: string;
  since?: number;
  until?: number;
}

export const costsSearch = (given: Given): CostsSearch => ({
  ...one(given, 'by', COSTS_BY),
  ...text(given, 'project', 'agent'),
  ...number(given, 'sprint', 'since', 'until'),
});

export interface AuditSearch {
  project?: string;
  kind?: string;
  sprint?: number;
  task?: number;
  actor?: string;
  since?: number;
  until?: number;
  /** With the signs of life of agents. */
  signs?: true;
  /** The event in the inspector, by its position. */
  event?: number;
}

export const auditSearch = (given: Given): AuditSearch => ({
  ...text(given, 'project', 'kind', 'actor'),
  ...number(given, 'sprint', 'task', 'since', 'until', 'event'),
  ...flag(given, 'signs'),
});

export interface SettingsSearch {
  /** What the configuration is searched for. */
  q?: string;
}

export const settingsSearch = (given: Given): SettingsSearch => text(given, 'q');

export interface SignInSearch {
  /** Where somebody wanted to go. */
  to?: string;
}

export const signInSearch = (given: Given): SignInSearch => text(given, 'to');

function text<K extends string>(given: Given, ...names: K[]) {
  return taken(given, names, (value): value is string => typeof value === 'string' && value !== '');
}

/** Whole numbers from 1 on. */
function number<K extends string>(given: Given, ...names: K[]) {
  return taken(given, names, (value): value is number => Number.isSafeInteger(value) && (value as number) > 0);
}

function flag<K extends string>(given: Given, name: K) {
  return taken(given, [name], (value): value is true => value === true);
}

function one<K extends string, const T extends string>(given: Given, name: K, all: readonly T[]) {
  return taken(given, [name], (value): value is T => (all as readonly unknown[]).includes(value));
}

function taken<K extends string, T>(given: Given, names: readonly K[], isRight: (value: unknown) => value is T): Partial<Record<K, T>> {
  return Object.fromEntries(names.flatMap((name) => (isRight(given[name]) ? [[name, given[name]]] : []))) as Partial<Record<K, T>>;
}
