// A delivery before its owner: what its agent says of it, what checks say, what it changes and what a merge comes to.
import { useQuery } from '@tanstack/react-query';
import { mergeTask, reviewTask } from '../api/generated/team6';
import type { TaskDetail, TaskId, Verdict } from '../api/generated/team6.schemas';
import { mergeForecast, task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { SkeletonRows } from '../ui/Skeleton';
import { Changes } from './Changes';
import { Words } from './Words';

export function ReviewTask({ task: id }: { task: TaskId }) {
  const { data } = useQuery(task(id));
  const review = useReview(id, data);
  const approve = useCommand({
    run: (_: void, options) => review('approve', '', options),
    done: 'Approved',
  });
  const merge = useCommand({
    run: async (_: void, options) => {
      if (data?.approved_by == null) await review('approve', '', options);
      return mergeTask(id, {}, options);
    },
    done: 'Approved, and merging',
  });
  const changes = useCommand({
    run: (body: string, options) => review('request_changes', body, options),
    done: 'Sent to the agent',
  });
  if (!data) return <SkeletonRows rows={6} label="Loading the delivery" />;
  const busy = approve.isPending || merge.isPending || changes.isPending;
  return (
    <div className="flex flex-col gap-4">
      <Said detail={data} />
      <Changes detail={data} />
      <Effect detail={data} />
      <div className="flex flex-wrap gap-2">
        <Button look="act" disabled={busy} onClick={() => merge.mutate()}>
          {merge.isPending ? 'Merging' : 'Approve and merge'}
        </Button>
        <Button disabled={busy} onClick={() => approve.mutate()}>
          Approve
        </Button>
      </div>
      <Words
        label="What should be different?"
        verb="Request changes"
        look="plain"
        busy={busy}
        onSend={changes.mutate}
      />
    </div>
  );
}

/** A review counts for the commits that were looked at, and for no later ones. */
function useReview(id: TaskId, detail: TaskDetail | undefined) {
  const heads = Object.fromEntries((detail?.pull_requests ?? []).map(({ repository, head }) => [repository, head]));
  return (verdict: Verdict, body: string, options: RequestInit) => reviewTask(id, { verdict, body, heads }, options);
}

function Said({ detail: { delivery, checks } }: { detail: TaskDetail }) {
  return (
    <div className="flex flex-col gap-2">
      {delivery && <p className="break-words whitespace-pre-wrap">{delivery.what}</p>}
      {delivery && <p className="break-words whitespace-pre-wrap text-muted">{delivery.why}</p>}
      {(checks?.items ?? []).map((item) => (
        <p key={item.receipt.number} className="font-mono text-dense text-muted">
          check {item.receipt.check.name}: {item.receipt.outcome.replaceAll('_', ' ')}
        </p>
      ))}
      {(delivery?.tests ?? []).map(({ command, outcome }) => (
        <p key={command} className="font-mono text-dense break-all text-muted">
          {command}: {outcome}
        </p>
      ))}
    </div>
  );
}

/** What a merge would come to, said before it is done. */
export function Effect({ detail }: { detail: TaskDetail }) {
  const { data: forecasts } = useQuery(mergeForecast(detail.task.id, detail.version));
  const freed = detail.dependents.map(({ id, title }) => `T-${id} ${title}`);
  return (
    <div className="border-l border-line pl-3 text-dense text-muted">
      {(forecasts ?? []).map(({ repository, number, text, conflicts }) => (
        <p key={repository}>
          <span className="font-mono">
            {repository} #{number}
          </span>{' '}
          {text}
          {conflicts.length > 0 && <span className="font-mono"> {conflicts.join(', ')}</span>}
        </p>
      ))}
      {!forecasts && <p>Looking what a merge would come to</p>}
      <p>{freed.length === 0 ? 'No task waits for it.' : `Waiting for it: ${freed.join(', ')}`}</p>
    </div>
  );
}
