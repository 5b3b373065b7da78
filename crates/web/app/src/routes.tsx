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
} from '@tanstack/react-router';
import { me, people, sprint, sprints, task } from './api/queries';
import { NotFound } from './shell/NotFound';
// Not a chunk of its own: it is shown when chunks cannot be had.
import { PageFailed } from './shell/PageFailed';
import { PagePending } from './shell/PagePending';
import { Shell } from './shell/Shell';
import { GROUPS, type Group } from './ui/status';

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

export const VIEWS = ['graph', 'list', 'board'] as const;
export type View = (typeof VIEWS)[number];

export interface SprintSearch {
  view?: View;
  /** Only the tasks that are counted here. */
  show?: Group;
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
    ...(typeof search.task === 'number' ? { task: search.task } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => import('./sprint/SprintPage'), 'SprintPage'),
});

export const TABS = ['activity', 'plan', 'attempts'] as const;
export type Tab = (typeof TABS)[number];

export interface TaskSearch {
  tab?: Tab;
  /** The attempt whose trace is shown; the newest unless given. */
  attempt?: string;
  /** The entry of the trace in the inspector. */
  entry?: number;
}

const taskRoute = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task',
  params: numbered('task'),
  validateSearch: (search: Record<string, unknown>): TaskSearch => ({
    ...one(search, 'tab', TABS),
    ...text(search, 'attempt'),
    ...(typeof search.entry === 'number' ? { entry: search.entry } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => import('./task/TaskPage'), 'TaskPage'),
});

export interface ReviewSearch {
  /** The file that is looked at, and the line. */
  repository?: string;
  file?: string;
  line?: number;
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
    ...(typeof search.line === 'number' ? { line: search.line } : {}),
  }),
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => import('./review/ReviewPage'), 'ReviewPage'),
});

/** Whatever names nothing is told so in the frame, from which one gets on. */
const nowhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFound });

const tree = root.addChildren([signIn, shell.addChildren([home, inboxRoute, sprintsRoute, sprintRoute, taskRoute, reviewRoute, nowhere])]);

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

function one<K extends string, T extends string>(search: Record<string, unknown>, name: K, all: readonly T[]) {
  const value = all.find((each) => each === search[name]);
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<K, T>>;
}
