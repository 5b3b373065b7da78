// The way back from a task that is merged in part: what was merged of it is taken back, and the task is closed.
import { useQuery } from '@tanstack/react-query';
import { revertTask } from '../api/generated/team6';
import type { TaskId } from '../api/generated/team6.schemas';
import { revertForecast, task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Sure } from '../ui/Sure';
import { SkeletonRows } from '../ui/Skeleton';

export function TakeBack({ task: id }: { task: TaskId }) {
  const { data: detail } = useQuery(task(id));
  const { data: forecasts, error } = useQuery({ ...revertForecast(id, detail?.version ?? 0), enabled: detail !== undefined });
  const revert = useCommand({ run: (_: void, options) => revertTask(id, {}, options), done: 'Taking it back' });
  if (error) return <p className="text-muted">What taking it back would come to is not known: {error.message}</p>;
  if (!forecasts) return <SkeletonRows rows={2} label="Looking what taking it back would come to" />;
  return (
    <div className="flex flex-col gap-2">
      <ul className="border-l border-line pl-3 text-dense text-muted">
        {forecasts.map(({ repository, number, text, conflicts }) => (
          <li key={repository}>
            <span className="font-mono">
              {repository} #{number}
            </span>{' '}
            {text}
            {conflicts.length > 0 && <span className="font-mono"> {conflicts.join(', ')}</span>}
          </li>
        ))}
      </ul>
      <Sure
        verb="Take back what was merged"
        effect="A commit on each base undoes it, and the task is closed. Tasks that wait for it need another plan."
        busy={revert.isPending}
        onSure={() => revert.mutate()}
      />
    </div>
  );
}
