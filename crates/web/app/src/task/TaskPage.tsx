// A task: where it stands and why, what its agent does and did, and a word with it.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { TaskDetail } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { TABS } from '../addresses';
import { Page } from '../shell/Page';
import { Age } from '../ui/Age';
import { StatusMark } from '../ui/StatusMark';
import { Tabs } from '../ui/Tabs';
import { statusOf } from '../ui/status';
import { isSolvable } from '../wait/kinds';
import { WaitsHere } from '../wait/WaitsHere';
import { Activity } from './Activity';
import { Attempts } from './Attempts';
import { ChangesOfTask } from './ChangesOfTask';
import { Checks } from './Checks';
import { Cost } from './Cost';
import { MemoryOfTask } from './MemoryOfTask';
import { PlanOfTask } from './PlanOfTask';
import { Subtasks } from './Subtasks';
import { TaskActions } from './TaskActions';

const route = getRouteApi('/shell/tasks/$task');

export function TaskPage() {
  const { task: id } = route.useParams();
  const { tab = 'activity', attempt, entry, receipt, of } = route.useSearch();
  const { data } = useQuery(task(id));
  if (!data) return null;
  return (
    <Page
      name={`T-${id} ${data.task.title}`}
      title={
        <h1 className="flex min-w-0 items-baseline gap-2 text-head font-semibold">
          <Link
            to="/sprints/$sprint"
            params={{ sprint: data.task.sprint }}
            search={{ task: id }}
            className="shrink-0 font-mono text-dense font-normal text-faint hover:text-fg max-desk:inline-flex max-desk:min-h-11 max-desk:min-w-11 max-desk:items-center"
          >
            S-{data.task.sprint}
          </Link>
          <span className="shrink-0 font-mono text-dense font-normal text-faint">T-{id}</span>
          <span className="truncate">{data.task.title}</span>
        </h1>
      }
      actions={<TaskActions detail={data} />}
    >
      <Head detail={data} />
      <Waits detail={data} />
      <div className="relative shrink-0 overflow-x-auto border-b border-line px-4 [scrollbar-width:none] max-desk:px-2">
        <Tabs
          label="Parts of the task"
          tabs={TABS}
          current={tab}
          link={(each, className, children) => (
            <Link
              from="/tasks/$task"
              search={({ attempt }) => ({ ...(attempt ? { attempt } : {}), tab: each })}
              replace
              className={className}
            >
              {children}
            </Link>
          )}
        />
      </div>
      {tab === 'activity' && <Activity key={id} detail={data} attempt={attempt} entry={entry ?? null} />}
      {tab === 'changes' && <ChangesOfTask detail={data} />}
      {tab === 'plan' && <PlanOfTask detail={data} />}
      {tab === 'subtasks' && <Subtasks detail={data} />}
      {tab === 'checks' && <Checks detail={data} receipt={receipt} ofBase={of === 'base'} />}
      {tab === 'memory' && <MemoryOfTask detail={data} />}
      {tab === 'attempts' && <Attempts detail={data} />}
      {tab === 'cost' && <Cost detail={data} />}
    </Page>
  );
}

function Head({ detail }: { detail: TaskDetail }) {
  const { task, planned, agent, spending, branch, pull_requests: pulls } = detail;
  const spent = spending?.spent;
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-0.5 border-b border-line px-4 py-1 text-dense text-muted">
      <span className="flex items-center gap-1.5 font-medium text-fg">
        <StatusMark status={statusOf(task.state)} />
        {task.state} <Age since={task.since} className="font-mono font-normal text-faint" />
      </span>
      <span>owner {task.owner ?? 'nobody yet'}</span>
      {agent && (
        <Link from="/tasks/$task" search={{ tab: 'plan' }} title={agent.reason} className="hover:text-fg hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center">
          agent&nbsp;<span className="font-mono">{agent.agent}</span>
        </Link>
      )}
      <span className="font-mono">{planned.repositories.join(', ')}</span>
      {task.attempts > 0 && (
        <Link
          from="/tasks/$task"
          search={{ tab: 'attempts' }}
          className="flex min-h-6 items-center underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:-my-2.5 max-desk:min-h-11"
        >
          attempt {task.attempts}
        </Link>
      )}
      {pulls.map(({ repository, number, state }) =>
        number == null ? null : (
          <Link
            key={repository}
            to="/tasks/$task/review"
            params={{ task: task.id }}
            search={{ repository }}
            className="flex min-h-6 items-center font-mono underline decoration-line-strong underline-offset-4 hover:text-fg pointer-coarse:min-h-11"
          >
            {repository} #{number} {state}
          </Link>
        ),
      )}
      {spent && spent.tokens > 0 && (
        <span className="font-mono">
          ${(spent.cost_micros / 1e6).toFixed(2)} · {Math.round(spent.tokens / 1000)}k tokens
        </span>
      )}
      {branch && <span className="max-w-full truncate font-mono text-faint max-desk:hidden">{branch}</span>}
    </div>
  );
}

/** The one reason why it is not done, with the means to change that if a person can. */
function Waits({ detail: { task } }: { detail: TaskDetail }) {
  if (!task.why) return null;
  if (!isSolvable(task.why))
    return <p className="border-b border-line px-4 py-1.5 text-dense break-words text-muted">{task.why.text}</p>;
  return <WaitsHere sprint={task.sprint} task={task.id} why={task.why} />;
}
