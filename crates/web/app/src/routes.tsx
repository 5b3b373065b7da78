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
import {
  agentsSearch,
  auditSearch,
  costsSearch,
  inboxSearch,
  memorySearch,
  planSearch,
  replaySearch,
  reposSearch,
  reviewSearch,
  settingsSearch,
  shellSearch,
  signInSearch,
  sprintSearch,
  sprintsSearch,
  taskSearch,
  workersSearch,
} from './addresses';
import { forecast, me, people, projects, sprint, sprints, task } from './api/queries';
import { NotFound } from './shell/NotFound';
// Not a chunk of its own: it is shown when chunks cannot be had.
import { PageFailed } from './shell/PageFailed';
import { PagePending } from './shell/PagePending';
import { channels } from './settings/queries';
import { Shell } from './shell/Shell';
import { part } from './ui/part';

const root = createRootRouteWithContext<{ client: QueryClient }>()();

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => part(() => import('./shell/SignIn')), 'SignIn'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  validateSearch: shellSearch,
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
  validateSearch: inboxSearch,
  component: lazyRouteComponent(() => part(() => import('./inbox/InboxPage')), 'InboxPage'),
});

const sprintsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints',
  validateSearch: sprintsSearch,
  loader: ({ context: { client } }) => client.ensureQueryData(sprints),
  component: lazyRouteComponent(() => part(() => import('./sprints/SprintsPage')), 'SprintsPage'),
});

const sprintRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints/$sprint',
  params: numbered('sprint'),
  validateSearch: sprintSearch,
  // The forecast stands above what is long already; shown later, it would push it down.
  loader: ({ context: { client }, params }) =>
    Promise.all([client.ensureQueryData(sprint(params.sprint)), client.prefetchQuery(forecast(params.sprint))]),
  component: lazyRouteComponent(() => part(() => import('./sprint/SprintPage')), 'SprintPage'),
});

const taskRoute = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task',
  params: numbered('task'),
  validateSearch: taskSearch,
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => part(() => import('./task/TaskPage')), 'TaskPage'),
});

const newPlanRoute = createRoute({
  getParentRoute: () => shell,
  path: '/plan/new',
  loader: ({ context: { client } }) => client.ensureQueryData(projects),
  component: lazyRouteComponent(() => part(() => import('./plan/NewPlanPage')), 'NewPlanPage'),
});

const planEntryRoute = createRoute({
  getParentRoute: () => shell,
  path: '/plan/$sprint',
  params: numbered('sprint'),
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => part(() => import('./plan/WizardPage')), 'WizardEntry'),
});

const STEPS = ['goal', 'questions', 'prd', 'tasks', 'owners', 'approve'] as const;

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
  validateSearch: planSearch,
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => part(() => import('./plan/WizardPage')), 'WizardPage'),
});

const reviewRoute = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task/review',
  params: numbered('task'),
  validateSearch: reviewSearch,
  loader: ({ context: { client }, params }) => client.ensureQueryData(task(params.task)),
  component: lazyRouteComponent(() => part(() => import('./review/ReviewPage')), 'ReviewPage'),
});

const agentsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/agents',
  validateSearch: agentsSearch,
  component: lazyRouteComponent(() => part(() => import('./agents/AgentsPage')), 'AgentsPage'),
});

const workersRoute = createRoute({
  getParentRoute: () => shell,
  path: '/workers',
  validateSearch: workersSearch,
  component: lazyRouteComponent(() => part(() => import('./workers/WorkersPage')), 'WorkersPage'),
});

const memoryRoute = createRoute({
  getParentRoute: () => shell,
  path: '/memory',
  validateSearch: memorySearch,
  component: lazyRouteComponent(() => part(() => import('./memory/MemoryPage')), 'MemoryPage'),
});

const reposRoute = createRoute({
  getParentRoute: () => shell,
  path: '/repos',
  validateSearch: reposSearch,
  component: lazyRouteComponent(() => part(() => import('./repos/ReposPage')), 'ReposPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  validateSearch: settingsSearch,
  // Shown above what is long already, they would push it down.
  loader: ({ context: { client } }) => client.prefetchQuery(channels),
  component: lazyRouteComponent(() => part(() => import('./settings/SettingsPage')), 'SettingsPage'),
});

const costsRoute = createRoute({
  getParentRoute: () => shell,
  path: '/costs',
  validateSearch: costsSearch,
  component: lazyRouteComponent(() => part(() => import('./costs/CostsPage')), 'CostsPage'),
});

const auditRoute = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => part(() => import('./audit/AuditPage')), 'AuditPage'),
});

const replayRoute = createRoute({
  getParentRoute: () => shell,
  path: '/sprints/$sprint/replay',
  params: numbered('sprint'),
  validateSearch: replaySearch,
  loader: ({ context: { client }, params }) => client.ensureQueryData(sprint(params.sprint)),
  component: lazyRouteComponent(() => part(() => import('./replay/ReplayPage')), 'ReplayPage'),
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
