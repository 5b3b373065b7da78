// The tasks of a sprint as a list, in the order in which they can be done: the graph's equal for those who do not see it.
import { Link } from '@tanstack/react-router';
import type { SprintTask, TaskId } from '../api/generated/team6.schemas';
import { usePageKeys } from '../shell/keys';
import { Age } from '../ui/Age';
import { StatusMark } from '../ui/StatusMark';
import { statusOf } from '../ui/status';
import { ConflictMark } from './ConflictMark';
import { type Merges, NO_MERGES } from './merges';

interface Props {
  tasks: readonly SprintTask[];
  critical: readonly TaskId[];
  merges?: Merges;
  chosen: TaskId | undefined;
  onChoose: (task: TaskId) => void;
}

export function TaskList({ tasks, critical, merges = NO_MERGES, chosen, onChoose }: Props) {
  const ordered = [...tasks].sort((a, b) => (a.level ?? Infinity) - (b.level ?? Infinity) || a.task.id - b.task.id);
  const step = (by: number) => {
    const now = ordered.findIndex(({ task }) => task.id === chosen);
    const next = ordered[Math.max(0, Math.min(ordered.length - 1, now < 0 ? 0 : now + by))];
    if (next) onChoose(next.task.id);
  };
  usePageKeys({ j: () => step(1), k: () => step(-1) });
  if (ordered.length === 0) return <p className="p-4 text-muted">No task is in this state now.</p>;
  return (
    <ul aria-label="Tasks" className="min-h-0 flex-1 overflow-y-auto">
      {ordered.map(({ task, depends_on }) => (
        <li
          key={task.id}
          aria-current={task.id === chosen || undefined}
          className="flex min-h-(--row) items-center gap-3 border-b border-line px-4 hover:bg-hover aria-[current]:bg-hover"
        >
          <StatusMark status={statusOf(task.state)} />
          <div className="flex min-w-0 flex-1 items-baseline gap-3 max-desk:flex-col max-desk:gap-0">
            <Link
              to="/tasks/$task"
              params={{ task: task.id }}
              className="flex max-w-full min-w-0 shrink-0 items-baseline gap-2 hover:underline max-desk:min-h-11 max-desk:items-center desk:w-2/5"
            >
              <span className="shrink-0 font-mono text-dense text-faint">T-{task.id}</span>
              <span className="truncate font-medium">{task.title}</span>
              {critical.includes(task.id) && (
                <span className="shrink-0 text-meta text-faint" title="The sprint takes as long as the chain it is in">
                  critical
                </span>
              )}
              <ConflictMark merges={merges} task={task.id} className="flex shrink-0 self-center" />
            </Link>
            <button
              type="button"
              onClick={() => onChoose(task.id)}
              className="flex max-w-full min-w-0 flex-1 items-baseline gap-3 text-left max-desk:min-h-11 max-desk:w-full max-desk:items-center"
            >
              <span className="w-28 shrink-0 text-dense text-muted max-desk:w-auto">{task.state}</span>
              <span className="truncate text-muted">{task.why?.text ?? ''}</span>
            </button>
          </div>
          <span className="w-16 shrink-0 truncate text-dense text-muted max-desk:hidden">{task.owner ?? 'no owner'}</span>
          <span className="w-16 shrink-0 truncate font-mono text-dense text-faint max-wide:hidden">
            {depends_on.map((id) => `T-${id}`).join(' ')}
          </span>
          <Age since={task.since} className="w-12 shrink-0 text-right font-mono text-dense text-faint" />
        </li>
      ))}
    </ul>
  );
}
