// The map of the app: which address shows which page, and what it needs before it is shown. Each page is a chunk of its
// own; the router asks for chunk and data as soon as somebody points at a link.
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { me, people, projects, sprint, sprints, task } from './api/queries';
import { NotFound } from './shell/NotFound';
// Not a chunk of its own: it is shown when chunks cannot be had.
import { PageFailed } from './shell/PageFailed';
import { PagePending } from './shell/PagePending';
import { Shell } from './shell/Shell';
import { GROUPS, type Group } from './ui/status';

/** What addresses may say of the lists that pages show. */
const QUEUED = ['due', 'delayed', 'active', 'stalled'] as const;
const MEMORY_KINDS = ['decision', 'convention', 'pitfall', 'command'] as const;
const MEMORY_STATES = ['active', 'candidate', 'superseded', 'retired', 'any'] as const;
export const COSTS_BY = ['sprint', 'task', 'agent', 'model', 'day'] as const;
export type CostsBy = (typeof COSTS_BY)[number];

const root = createRootRouteWithContext<{ client: QueryClient }>()();

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { to?: string } => text(search, 'to'),
  component: lazyRouteComponent(() => import('./shell/SignIn'), 'SignIn'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  /** The project that is looked at, which goes along to the next page; all of them unless given. */
  validateSearch: (search: Record<string, unknown>): { project?: string } => text(search, 'project'),
  search: { middlewares: [retainSearchParams(['project'])] },
  component: Shell,
  // Every page says who sees it. Without a session this is where the way to the sign-in page begins.
  loader: ({ context: { client } }) => Promise.all([client.ensureQueryData(me), client.ensureQueryData(people)]),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/inbox', replace: true });
  },
});

const inboxRoute = createRoute({
  getParentRoute: () => shell,
  path: '/inbox',
  validateSearch: (search: Record<string, unknown>): { item?: string; whose?: 'everyone' } => ({
    ...text(search, 'item'),
    ...(search.whose === 'everyone' ? { whose: 'everyone' as const } : {}),
  }),
  component: lazyRouteComponent(() => import('./inbox/InboxPage'), 'InboxPage'),
});

const sprintsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints',
  validateSearch: (search: Record<string, unknown>): { phase?: string } => text(search, 'phase'),
  loader: ({ context: { client } }) => client.ensureQueryData(sprints),
  component: lazyRouteComponent(() => import('./sprints/SprintsPage'), 'SprintsPage'),
});

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

const sprintRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints/$sprint',
  params: numbered('sprint'),
  validateSearch: (search: Record<string, unknown>): SprintSearch => ({
    ...one(search, 'view', VIEWS),
    ...one(search, 'show', GROUPS),
    ...one(search, 'over', OVER),
    ...(typeof search.task === 'number' ? { task: search.task } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => import('./sprint/SprintPage'), 'SprintPage'),
});

export const TABS = ['activity', 'changes', 'plan', 'subtasks', 'checks', 'memory', 'attempts', 'cost'] as const;
export type Tab = (typeof TABS)[number];

export interface TaskSearch {
  tab?: Tab;
  /** The attempt whose trace is shown; the newest unless given. */
  attempt?: string;
  /** The entry of the trace in the inspector. */
  entry?: number;
  /** The receipt whose log is shown, and whether it is that of the base. */
  receipt?: number;
  of?: 'base';
}

const taskRoute = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task',
  params: numbered('task'),
  validateSearch: (search: Record<string, unknown>): TaskSearch => ({
    ...one(search, 'tab', TABS),
    ...text(search, 'attempt'),
    ...(typeof search.entry === 'number' ? { entry: search.entry } : {}),
    ...(typeof search.receipt === 'number' ? { receipt: search.receipt } : {}),
    ...one(search, 'of', ['base'] as const),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => import('./task/TaskPage'), 'TaskPage'),
});

const newPlanRoute = createRoute({
  getParentRoute: () => shell,
  path: '/plan/new',
  loader: ({ context: { client } }) => client.ensureQueryData(projects),
  component: lazyRouteComponent(() => import('./plan/NewPlanPage'), 'NewPlanPage'),
});

const planEntryRoute = createRoute({
  getParentRoute: () => shell,
  path: '/plan/$sprint',
  params: numbered('sprint'),
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => import('./plan/WizardPage'), 'WizardEntry'),
});

const STEPS = ['goal', 'questions', 'prd', 'tasks', 'owners', 'approve'] as const;
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
  add?: boolean;
}

const planRoute = createRoute({
  getParentRoute: () => shell,
  path: '/plan/$sprint/$step',
  params: {
    parse: ({ sprint, step }: { sprint: string; step: string }) => {
      const known = STEPS.find((each) => each === step);
      if (!known) throw notFound();
      return { ...numbered('sprint').parse({ sprint }), step: known };
    },
    stringify: ({ sprint, step }: { sprint: number; step: (typeof STEPS)[number] }) => ({ sprint: String(sprint), step }),
  },
  validateSearch: (search: Record<string, unknown>): PlanSearch => ({
    ...text(search, 'task'),
    ...one(search, 'panel', PANELS),
    ...(typeof search.version === 'number' ? { version: search.version } : {}),
    ...text(search, 'attempt'),
    ...(typeof search.entry === 'number' ? { entry: search.entry } : {}),
    ...(search.add === true ? { add: true } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => import('./plan/WizardPage'), 'WizardPage'),
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

const reviewRoute = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task/review',
  params: numbered('task'),
  validateSearch: (search: Record<string, unknown>): ReviewSearch => ({
    ...text(search, 'repository'),
    ...text(search, 'file'),
    ...one(search, 'view', ['unified'] as const),
    ...one(search, 'since', ['all', 'last'] as const),
    ...one(search, 'side', ['old'] as const),
    ...(typeof search.line === 'number' ? { line: search.line } : {}),
    ...(typeof search.end === 'number' ? { end: search.end } : {}),
    ...(typeof search.thread === 'number' ? { thread: search.thread } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => import('./review/ReviewPage'), 'ReviewPage'),
});

const agentsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/agents',
  validateSearch: (search: Record<string, unknown>): { agent?: string } => text(search, 'agent'),
  component: lazyRouteComponent(() => import('./agents/AgentsPage'), 'AgentsPage'),
});

const workersRoute = createRoute({
  getParentRoute: () => shell,
  path: '/workers',
  validateSearch: (search: Record<string, unknown>): { project?: string; show?: (typeof QUEUED)[number] } => ({
    ...text(search, 'project'),
    ...one(search, 'show', QUEUED),
  }),
  component: lazyRouteComponent(() => import('./workers/WorkersPage'), 'WorkersPage'),
});

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

const memoryRoute = createRoute({
  getParentRoute: () => shell,
  path: '/memory',
  validateSearch: (search: Record<string, unknown>): MemorySearch => ({
    ...text(search, 'project'),
    ...text(search, 'q'),
    ...one(search, 'kind', MEMORY_KINDS),
    ...one(search, 'state', MEMORY_STATES),
    ...text(search, 'repo'),
    ...number(search, 'memory'),
    ...(search.add === true ? { add: true as const } : {}),
  }),
  component: lazyRouteComponent(() => import('./memory/MemoryPage'), 'MemoryPage'),
});

const reposRoute = createRoute({
  getParentRoute: () => shell,
  path: '/repos',
  /** The repository in the inspector, or the project that one is being connected to, or a new project. */
  validateSearch: (search: Record<string, unknown>): { repo?: string; connect?: string; add?: true } => ({
    ...text(search, 'repo'),
    ...text(search, 'connect'),
    ...(search.add === true ? { add: true as const } : {}),
  }),
  component: lazyRouteComponent(() => import('./repos/ReposPage'), 'ReposPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>): { q?: string } => text(search, 'q'),
  component: lazyRouteComponent(() => import('./settings/SettingsPage'), 'SettingsPage'),
});

export interface CostsSearch {
  by?: CostsBy;
  project?: string;
  sprint?: number;
  agent?: string;
  since?: number;
  until?: number;
}

const costsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/costs',
  validateSearch: (search: Record<string, unknown>): CostsSearch => ({
    ...one(search, 'by', COSTS_BY),
    ...text(search, 'project'),
    ...text(search, 'agent'),
    ...number(search, 'sprint', 'since', 'until'),
  }),
  component: lazyRouteComponent(() => import('./costs/CostsPage'), 'CostsPage'),
});

export interface AuditSearch {
  kind?: string;
  sprint?: number;
  task?: number;
  actor?: string;
  since?: number;
  until?: number;
  /** With the signs of life of agents. */
  signs?: boolean;
  /** The event in the inspector, by its position. */
  event?: number;
}

const auditRoute = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    ...text(search, 'kind'),
    ...text(search, 'actor'),
    ...number(search, 'sprint', 'task', 'since', 'until', 'event'),
    ...(search.signs === true ? { signs: true } : {}),
  }),
  component: lazyRouteComponent(() => import('./audit/AuditPage'), 'AuditPage'),
});

export const REPLAY_VIEWS = ['graph', 'list'] as const;

export interface ReplaySearch {
  /** The version of the sprint; the newest unless given. */
  at?: number;
  view?: (typeof REPLAY_VIEWS)[number];
  task?: number;
}

const replayRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints/$sprint/replay',
  params: numbered('sprint'),
  validateSearch: (search: Record<string, unknown>): ReplaySearch => ({
    ...number(search, 'at', 'task'),
    ...one(search, 'view', REPLAY_VIEWS),
  }),
  component: lazyRouteComponent(() => import('./replay/ReplayPage'), 'ReplayPage'),
});

/** Whatever names nothing is told so in the frame, from which one gets on. */
const nowhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFound });

const tree = root.addChildren([
  signIn,
  shell.addChildren([
    home,
    inboxRoute,
    sprintsRoute,
    sprintRoute,
    taskRoute,
    agentsRoute,
    workersRoute,
    memoryRoute,
    reposRoute,
    settingsRoute,
    costsRoute,
    auditRoute,
    replayRoute,
    reviewRoute,
    newPlanRoute,
    planEntryRoute,
    planRoute,
    nowhere,
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 150,
    defaultErrorComponent: PageFailed,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: PagePending,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** A parameter that is the number of something. */
function numbered<K extends string>(name: K) {
  return {
    parse: (params: Record<K, string>) => {
      const number = Number(params[name]);
      if (!Number.isInteger(number) || number < 1) throw notFound();
      return { [name]: number } as Record<K, number>;
    },
    stringify: (params: Record<K, number>) => ({ [name]: String(params[name]) }) as Record<K, string>,
  };
}

function text<K extends string>(search: Record<string, unknown>, name: K): Partial<Record<K, string>> {
  const value = search[name];
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as Partial<Record<K, string>>;
}

/** Whole numbers from 1 on. */
function number<K extends string>(search: Record<string, unknown>, ...names: K[]): Partial<Record<K, number>> {
  const given = names.filter((name) => Number.isInteger(search[name]) && (search[name] as number) > 0);
  return Object.fromEntries(given.map((name) => [name, search[name]])) as Partial<Record<K, number>>;
}

function one<K extends string, T extends string>(search: Record<string, unknown>, name: K, all: readonly T[]) {
  const value = all.find((each) => each === search[name]);
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<K, T>>;
}
