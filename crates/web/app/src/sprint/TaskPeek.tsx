// A task in the inspector of its sprint: why it is where it is, what can be done about it, and what it hangs on.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { SprintTask, TaskId } from '../api/generated/team6.schemas';
import { task as taskOf } from '../api/queries';
import { TaskActions } from '../task/TaskActions';
import { Age } from '../ui/Age';
import { buttonClass } from '../ui/Button';
import { StatusMark } from '../ui/StatusMark';
import { statusOf } from '../ui/status';
import { Solve } from '../wait/Solve';
import { isSolvable } from '../wait/kinds';
import { type Merges, conflictsOf } from './merges';

interface Props {
  task: SprintTask;
  all: readonly SprintTask[];
  merges: Merges;
  onChoose: (task: TaskId) => void;
}

export function TaskPeek({ task: { task, depends_on, estimate_minutes }, all, merges, onChoose }: Props) {
  const before = all.filter((each) => depends_on.includes(each.task.id));
  const after = all.filter((each) => each.depends_on.includes(task.id));
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex items-center gap-2">
        <StatusMark status={statusOf(task.state)} />
        <span>{task.state}</span>
        <Age since={task.since} className="font-mono text-dense text-faint" />
        <Link to="/tasks/$task" params={{ task: task.id }} className={`ml-auto ${buttonClass('plain')}`}>
          Open T-{task.id}
        </Link>
      </div>
      {task.why && <p className="break-words text-muted">{task.why.text}</p>}
      {conflictsOf(merges, task.id).map((line) => (
        <p key={line} className="flex gap-2">
          <StatusMark status="blocked" className="mt-0.75" />
          <span className="min-w-0 wrap-anywhere">{line}</span>
        </p>
      ))}
      <dl className="grid grid-cols-[88px_1fr] gap-y-1 border-y border-line py-3 text-dense">
        <dt className="text-faint">Owner</dt>
        <dd>{task.owner ?? 'nobody yet'}</dd>
        <dt className="text-faint">Agent</dt>
        <dd className="font-mono">{task.agent ?? 'none yet'}</dd>
        <dt className="text-faint">Attempts</dt>
        <dd className="font-mono">{task.attempts}</dd>
        <dt className="text-faint">Estimate</dt>
        <dd className="font-mono">{estimate_minutes} min</dd>
      </dl>
      {task.why && isSolvable(task.why) && <Solve sprint={task.sprint} task={task.id} why={task.why} />}
      <Actions id={task.id} />
      <Related title="Waits for" tasks={before} onChoose={onChoose} />
      <Related title="Waiting for it" tasks={after} onChoose={onChoose} />
    </div>
  );
}

/** What can be done with it without leaving the sprint. Its place is kept until it is known. */
function Actions({ id }: { id: TaskId }) {
  const { data } = useQuery(taskOf(id));
  return <div className="flex min-h-7 flex-wrap gap-2 pointer-coarse:min-h-11">{data && <TaskActions detail={data} />}</div>;
}

function Related({ title, tasks, onChoose }: { title: string; tasks: readonly SprintTask[]; onChoose: (task: TaskId) => void }) {
  if (tasks.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className="text-dense text-faint">{title}</h3>
      <ul>
        {tasks.map(({ task }) => (
          <li key={task.id}>
            <button
              type="button"
              onClick={() => onChoose(task.id)}
              className="flex min-h-7 w-full items-center gap-2 text-left hover:bg-hover pointer-coarse:min-h-11"
            >
              <StatusMark status={statusOf(task.state)} label={task.state} size={12} />
              <span className="font-mono text-dense text-faint">T-{task.id}</span>
              <span className="truncate">{task.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
