import { useQuery } from '@tanstack/react-query';
import { reviewTask } from '../api/generated/team6';
import type { TaskId, Verdict } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { SkeletonRows } from '../ui/Skeleton';
import { ReviewLink } from './ReviewLink';
import { Said } from './ReviewTask';
import { Words } from './Words';
import { leave, reviewOf } from './unsent';

/** A part of an approved task that belongs to somebody else: its owner approves it too, and it is merged with the whole. */
export function ReviewSubtask({ task: id }: { task: TaskId }) {
  const { data } = useQuery(task(id));
  const review = (verdict: Verdict, body: string, options: RequestInit) => reviewTask(id, { verdict, body }, options);
  const approve = useCommand({ run: (_: void, options) => review('approve', '', options), done: 'Approved', onDone: () => leave(reviewOf(id)) });
  const back = useCommand({
    run: (body: string, options) => review('request_changes', body, options),
    done: 'Sent to the agent',
  });
  if (!data) return <SkeletonRows rows={4} label="Loading the delivery" />;
  const busy = approve.isPending || back.isPending;
  return (
    <div className="flex flex-col gap-4">
      <p className="font-medium break-words">
        <span className="font-mono text-dense font-normal text-faint">T-{id}</span> {data.task.title}
      </p>
      <Said detail={data} />
      {data.parent && <ReviewLink task={data.parent.id} />}
      <Button
        look="act"
        className="self-start"
        disabled={busy}
        onClick={() => approve.mutate()}
      >
        {approve.isPending ? 'Approving' : 'Approve'}
      </Button>
      <Words label="What should be different?" verb="Request changes" look="plain" busy={busy} about={reviewOf(id)} onSend={back.mutateAsync} />
    </div>
  );
}
