// A sprint at work: what runs now in one look, and its tasks as a graph, a list, a board, or over time.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, useMemo } from 'react';
import type { SprintDetail, SprintTask } from '../api/generated/team6.schemas';
import { conflicts, forecast, sprint } from '../api/queries';
import { type Over, VIEWS, type View } from '../addresses';
import { hasFailed } from '../plan/steps';
import { Inspector } from '../shell/Inspector';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { useNow } from '../ui/Age';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { SkeletonRows } from '../ui/Skeleton';
import { Tabs } from '../ui/Tabs';
import { part } from '../ui/part';
import { groupOf } from '../ui/status';
import { when } from '../ui/time';
import { useChosen } from '../ui/useChosen';
import { isSolvable } from '../wait/kinds';
import { WaitsHere } from '../wait/WaitsHere';
import { Board } from './Board';
import { CountLinks } from './CountLinks';
import { MergeForecast } from './MergeForecast';
import { OverLinks } from './OverLinks';
import { Running } from './Running';
import { SprintActions } from './SprintActions';
import { TaskList } from './TaskList';
import { TaskPeek } from './TaskPeek';
import { type Merges, NO_MERGES, mergedState, mergesOf } from './merges';

const Graph = lazy(() => part(() => import('./graph/Graph')).then(({ Graph }) => ({ default: Graph })));

const Timeline = lazy(() => part(() => import('./timeline/Timeline')).then(({ Timeline }) => ({ default: Timeline })));

const route = getRouteApi('/shell/sprints/$sprint');

export function SprintPage() {
  const { sprint: id } = route.useParams();
  const search = route.useSearch();
  const { view = 'graph', show, over, task } = search;
  const navigate = route.useNavigate();
  const { data } = useQuery(sprint(id));
  const go = (next: View) => void navigate({ search: (search) => ({ ...search, view: next }), replace: true });
  const choose = (next: number | undefined) =>
    void navigate({ search: (search) => ({ ...search, task: next }), replace: true });
  const bringOut = (next: Over | undefined) =>
    void navigate({ search: (search) => ({ ...search, over: search.over === next ? undefined : next, task: undefined }), replace: true });
  usePageKeys({
    v: () => go(VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] ?? 'graph'),
    c: () => bringOut('critical'),
    m: () => bringOut('merges'),
  });
  const { merges: known, error } = useMerges(data);
  const merges = known ?? NO_MERGES;
  const lit = useMemo(() => broughtOut(over, data, merges), [over, data, merges]);
  if (!data) return null;
  const tasks = data.tasks.filter(({ task }) => show === undefined || groupOf(task.state) === show);
  const chosen = data.tasks.find((each) => each.task.id === task);
  const { why } = data.sprint;
  return (
    <Page
      name={data.sprint.title}
      title={
        <h1 className="flex min-w-0 items-baseline gap-2 text-head font-semibold">
          <span className="shrink-0 font-mono text-dense font-normal text-faint">S-{id}</span>
          <span className="truncate">{data.sprint.title}</span>
        </h1>
      }
      actions={<SprintActions detail={data} />}
      inspector={
        chosen ? (
          <Inspector label="Task" title={<h2 className="truncate font-semibold">{chosen.task.title}</h2>} onClose={() => choose(undefined)}>
            <TaskPeek task={chosen} all={data.tasks} merges={merges} onChoose={choose} />
          </Inspector>
        ) : (
          over === 'merges' && (
            <Inspector label="Merge forecast" title={<h2 className="font-semibold">Merge forecast</h2>} onClose={() => bringOut(undefined)}>
              <MergeForecast sprint={id} tasks={data.tasks} merges={known} error={error} onChoose={choose} />
            </Inspector>
          )
        )
      }
    >
      <Head detail={data} />
      {why && isSolvable(why) && <WaitsHere sprint={id} task={null} why={why} />}
      <Running detail={data} />
      <div className="flex flex-wrap items-center gap-x-3 border-b border-line px-4 max-desk:px-2">
        <Tabs
          label="View"
          tabs={VIEWS}
          current={view}
          link={(each, className, children) => (
            <Link from="/sprints/$sprint" search={(search) => ({ ...search, view: each })} replace className={className}>
              {children}
            </Link>
          )}
        />
        <OverLinks sprint={id} now={search} merges={data.sprint.phase === 'running' ? merges : undefined} />
        <div className="ml-auto">
          <CountLinks sprint={id} counts={data.sprint.counts} now={search} words />
        </div>
      </div>
      {view === 'timeline' ? (
        <Suspense fallback={<SkeletonRows rows={8} label="Loading the timeline" />}>
          <Timeline detail={data} tasks={tasks} chosen={task} onChoose={choose} />
        </Suspense>
      ) : data.tasks.length === 0 ? (
        <Planning detail={data} />
      ) : view === 'graph' ? (
        <Suspense fallback={<SkeletonRows rows={8} label="Loading the graph" />}>
          <Graph detail={data} shown={show} lit={lit} merges={merges} chosen={task} onChoose={choose} />
          <Walk tasks={tasks} chosen={task} onChoose={choose} />
        </Suspense>
      ) : view === 'board' ? (
        <Board tasks={tasks} chosen={task} onChoose={choose} />
      ) : (
        <TaskList tasks={tasks} critical={data.critical_path} merges={merges} chosen={task} onChoose={choose} />
      )}
    </Page>
  );
}

/** The keys of a list for the graph, which is one of the same tasks. */
function Walk({ tasks, chosen, onChoose }: { tasks: readonly SprintTask[]; chosen: number | undefined; onChoose: (task: number) => void }) {
  useChosen(
    tasks.map(({ task }) => task.id),
    chosen,
    onChoose,
  );
  return null;
}

/** What merging its open branches would come to; null while it is not known. */
function useMerges(detail: SprintDetail | undefined): { merges: Merges | null; error: Error | null } {
  const branches = detail?.sprint.phase === 'running' ? mergedState(detail.tasks) : '';
  const { data, error } = useQuery(conflicts(detail?.sprint.id ?? 0, branches));
  const merges = useMemo(() => (data ? mergesOf(data) : branches === '' ? NO_MERGES : null), [data, branches]);
  return { merges, error };
}

/** The tasks that are brought out, if some are. */
function broughtOut(over: Over | undefined, detail: SprintDetail | undefined, merges: Merges): ReadonlySet<number> | undefined {
  if (over === 'critical') return new Set(detail?.critical_path);
  return over === 'merges' && merges.open.size > 0 ? merges.open : undefined;
}

/** Every number leads to what it counts. */
const COUNT = 'hover:text-fg hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center';

function Head({ detail }: { detail: SprintDetail }) {
  const { data } = useQuery(forecast(detail.sprint.id));
  const now = useNow();
  const { counts, phase, lead, project } = detail.sprint;
  const ahead = data?.now;
  const spent = detail.spending?.spent;
  return (
    <p className="flex min-h-8 flex-wrap items-center gap-x-4 border-b border-line px-4 py-1 text-dense text-muted">
      <span>
        {detail.pause ? `paused by ${detail.pause.by}` : phase}, led by {lead} in <span className="font-mono">{project}</span>
      </span>
      <Link from="/sprints/$sprint" search={(search) => ({ ...search, show: 'done' })} className={`font-mono ${COUNT}`}>
        {counts.done}/{counts.tasks} done
      </Link>
      {ahead && (
        <span title={`between ${when(ahead.early, now)} and ${when(ahead.late, now)}`}>
          done about {when(ahead.median, now)}
        </span>
      )}
      {spent && spent.tokens > 0 && (
        <Link to="/costs" search={{ by: 'task', sprint: detail.sprint.id, project: detail.sprint.project }} className={`font-mono ${COUNT}`}>
          ${(spent.cost_micros / 1e6).toFixed(2)} · {Math.round(spent.tokens / 1000)}k tokens
        </Link>
      )}
      <Link
        to="/sprints/$sprint/replay"
        params={{ sprint: detail.sprint.id }}
        className="ml-auto underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:flex max-desk:min-h-11 max-desk:items-center"
      >
        Replay
      </Link>
    </p>
  );
}

function Planning({ detail }: { detail: SprintDetail }) {
  return (
    <Empty
      title={detail.running ? 'The plan is being drafted' : hasFailed(detail) ? 'The planning failed' : 'There is no plan yet'}
      command={`team6 sprint watch ${detail.sprint.id}`}
      action={
        <Link to="/plan/$sprint" params={{ sprint: detail.sprint.id }} className={buttonClass('plain')}>
          See how it is made
        </Link>
      }
    >
      {detail.sprint.why?.text ?? 'Its tasks come here as soon as there is a first version.'}
    </Empty>
  );
}
