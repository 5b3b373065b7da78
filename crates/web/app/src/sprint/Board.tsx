// The tasks of a sprint in columns by state; the number of each leads to its tasks as a list.
import { Link } from '@tanstack/react-router';
import type { SprintTask, TaskId } from '../api/generated/team6.schemas';
import { StatusMark } from '../ui/StatusMark';
import { GROUP_NAME, GROUP_STATUS, type Group, groupOf, statusOf } from '../ui/status';

interface Props {
  tasks: readonly SprintTask[];
  chosen: TaskId | undefined;
  onChoose: (task: TaskId) => void;
}

const COLUMNS: readonly Group[] = ['waiting', 'running', 'review', 'stuck', 'done', 'cancelled'];

export function Board({ tasks, chosen, onChoose }: Props) {
  const columns = COLUMNS.filter((group) => group !== 'cancelled' || tasks.some(({ task }) => groupOf(task.state) === group));
  return (
    <div role="region" aria-label="Board" tabIndex={0} className="flex min-h-0 flex-1 overflow-x-auto">
      {columns.map((group) => {
        const own = tasks.filter(({ task }) => groupOf(task.state) === group);
        return (
          <section key={group} aria-label={GROUP_NAME[group]} className="flex min-w-52 flex-1 flex-col border-r border-line">
            <h2 className="flex h-9 shrink-0 items-center gap-2 px-3 text-dense text-muted max-desk:h-11">
              <StatusMark status={GROUP_STATUS[group]} size={12} />
              {GROUP_NAME[group]}{' '}
              <Link
                from="/sprints/$sprint"
                search={(now) => ({ ...now, view: 'list', show: group })}
                aria-label={`${own.length} ${GROUP_NAME[group]}`}
                className="flex h-6 min-w-6 items-center rounded-sm px-1 font-mono text-faint hover:bg-hover hover:text-fg max-desk:h-11 max-desk:min-w-11"
              >
                {own.length}
              </Link>
            </h2>
            <ul className="min-h-0 flex-1 overflow-y-auto">
              {own.map(({ task }) => (
                <li key={task.id}>
                  <button
                    type="button"
                    aria-current={task.id === chosen || undefined}
                    onClick={() => onChoose(task.id)}
                    className="flex w-full flex-col gap-0.5 border-t border-line px-3 py-2 text-left hover:bg-hover aria-[current]:bg-hover"
                  >
                    <span className="flex w-full items-baseline gap-2">
                      <span className="font-mono text-meta text-faint">T-{task.id}</span>
                      <span className="ml-auto text-meta text-faint">{task.owner ?? 'no owner'}</span>
                    </span>
                    <span className="font-medium">{task.title}</span>
                    <span className="line-clamp-2 text-dense text-muted">
                      {told(task, group)}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

/** Why it is where it is, with its state where the column does not say it and the reason does not begin with it. */
function told({ state, why }: SprintTask['task'], group: Group): string {
  const reason = why?.text ?? '';
  return statusOf(state) === GROUP_STATUS[group] || reason.startsWith(`${state}:`) ? reason : `${state}: ${reason}`;
}
