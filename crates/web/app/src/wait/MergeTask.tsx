import { useQuery } from '@tanstack/react-query';
import { mergeTask } from '../api/generated/team6';
import type { TaskId } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { SkeletonRows } from '../ui/Skeleton';
import { Sure } from '../ui/Sure';
import { Changes } from './Changes';
import { TakeBack } from './TakeBack';
import { ReviewLink } from './ReviewLink';
import { Effect, FOR_GOOD, headsOf, useLooked } from './ReviewTask';

/** What was approved and waits to be merged; if a part of it was, it can be taken back as well. */
export function MergeTask({ task: id, partly = false }: { task: TaskId; partly?: boolean }) {
  const { data } = useQuery(task(id));
  const looked = useLooked(data);
  const merge = useCommand({ run: (_: void, options) => mergeTask(id, {}, options), done: 'Merging' });
  if (!data || looked === 'not yet') return <SkeletonRows rows={4} label="Loading the task" />;
  return (
    <div className="flex flex-col gap-4">
      <ReviewLink task={id} />
      {data.merge_trouble && <p className="text-muted">The last merge did not happen: {data.merge_trouble}</p>}
      <Changes detail={data} />
      <Effect detail={data} />
      <div>
        <Sure key={headsOf(data)} isOnward verb="Merge" effect={FOR_GOOD} busy={merge.isPending || looked === 'anew'} onSure={() => merge.mutate()} />
      </div>
      {partly && <TakeBack task={id} />}
    </div>
  );
}
