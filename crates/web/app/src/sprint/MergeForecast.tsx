// What merging the open branches of a sprint would come to, and the order in which fewest have to be mended.
import { Link } from '@tanstack/react-router';
import type { RepositoryConflicts, SprintId, SprintTask, TaskId } from '../api/generated/team6.schemas';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { statusOf } from '../ui/status';
import { type Merges, conflictsOf, mergesOf } from './merges';

interface Props {
  sprint: SprintId;
  tasks: readonly SprintTask[];
  /** None while it is not known. */
  merges: Merges | null;
  error: Error | null;
  onChoose: (task: TaskId) => void;
}

export function MergeForecast({ sprint, tasks, merges, error, onChoose }: Props) {
  if (!merges) return error ? <ProblemNote error={error} /> : <SkeletonRows rows={4} label="Loading the merge forecast" />;
  const { repositories } = merges;
  if (repositories.length === 0)
    return (
      <Empty
        title="Nothing can conflict"
        command={`team6 sprint conflicts ${sprint}`}
        action={
          <Link to="/sprints/$sprint" params={{ sprint }} search={{ view: 'list', show: 'running' }} className={buttonClass('plain')}>
            See what runs
          </Link>
        }
      >
        No branch is open. They come here when agents deliver, before anybody reviews them.
      </Empty>
    );
  return repositories.map((found) => <InRepository key={found.repository} found={found} tasks={tasks} onChoose={onChoose} />);
}

interface RepositoryProps extends Pick<Props, 'tasks' | 'onChoose'> {
  found: RepositoryConflicts;
}

function InRepository({ found, tasks, onChoose }: RepositoryProps) {
  const states = new Map(tasks.map(({ task }) => [task.id, task.state]));
  const merges = mergesOf([found]);
  const { repository, branches, order, to_mend, trouble } = found;
  const ordered = order.flatMap((task) => branches.find((branch) => branch.task === task) ?? []);
  return (
    <section aria-label={`Merges in ${repository}`} className="flex flex-col gap-1 border-b border-line px-4 py-3">
      <h3 className="font-semibold">
        <span className="font-mono">{repository}</span>, {branches.length} open
      </h3>
      {trouble != null && <p className="wrap-anywhere text-dense text-st-blocked">As last fetched: {trouble}</p>}
      <p className="text-dense text-muted">
        {merges.clashes.length === 0 && merges.behind.size === 0
          ? 'Nothing conflicts: they can be merged in any order.'
          : 'Merged in this order, fewest have to be mended by their agent.'}
      </p>
      <ol aria-label={`Order of merging in ${repository}`}>
        {ordered.map(({ task, title }, at) => (
          <li key={task}>
            <button
              type="button"
              onClick={() => onChoose(task)}
              className="flex w-full gap-2 rounded-sm py-1 text-left hover:bg-hover max-desk:min-h-11 max-desk:items-center"
            >
              <span className="w-5 shrink-0 text-right font-mono text-dense text-faint">{at + 1}</span>
              <StatusMark status={to_mend.includes(task) ? 'blocked' : statusOf(states.get(task) ?? 'in review')} className="mt-0.75" />
              <span className="min-w-0 flex-1">
                <span className="font-mono text-dense text-faint">T-{task}</span> {title}
                {to_mend.includes(task) && <span className="text-dense text-muted">, to be mended</span>}{' '}
                {conflictsOf(merges, task).map((line) => (
                  <span key={line} className="block text-dense wrap-anywhere text-muted">
                    {line}
                  </span>
                ))}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
