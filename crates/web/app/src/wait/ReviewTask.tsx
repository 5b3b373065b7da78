// A delivery before its owner: what its agent says of it, what checks say, what it changes and what a merge comes to.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { mergeTask, reviewTask } from '../api/generated/team6';
import type { TaskDetail, TaskId, Verdict } from '../api/generated/team6.schemas';
import { changes, mergeForecast, task } from '../api/queries';
import { further, useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Markdown } from '../ui/markdown/Markdown';
import { SkeletonRows } from '../ui/Skeleton';
import { Sure } from '../ui/Sure';
import { useKept } from '../review/kept';
import { Changes } from './Changes';
import { Risks } from './Risks';
import { ReviewLink } from './ReviewLink';
import { Words } from './Words';
import { leave, reviewOf } from './unsent';

/** What is said of a merge before the press that counts; what it comes to stands above. */
export const FOR_GOOD = 'What is merged is taken back only by further commits on its base.';

export function ReviewTask({ task: id }: { task: TaskId }) {
  const { data } = useQuery(task(id));
  const looked = useLooked(data);
  const { drafts } = useKept(id);
  const review = useReview(id, data);
  const approve = useCommand({
    run: (_: void, options) => review('approve', '', options),
    done: 'Approved',
  });
  const merge = useCommand({
    run: async (_: void, options) => {
      if (data?.approved_by == null) await review('approve', '', options);
      return mergeTask(id, {}, further(options, 'merge'));
    },
    done: 'Approved, and merging',
  });
  const back = useCommand({
    run: (body: string, options) => review('request_changes', body, options),
    done: 'Sent to the agent',
  });
  if (!data || looked === 'not yet') return <SkeletonRows rows={6} label="Loading the delivery" />;
  const busy = approve.isPending || merge.isPending || back.isPending;
  const unsent = drafts.filter(({ text }) => text.trim() !== '').length;
  const rests = busy || looked === 'anew';
  return (
    <div className="flex flex-col gap-4">
      <ReviewLink task={id} />
      <Said detail={data} />
      <Risks of={data.packet?.risks ?? []} />
      <Changes detail={data} />
      <Effect detail={data} />
      {unsent > 0 && (
        <p className="text-muted">
          {unsent === 1 ? 'A comment' : `${unsent} comments`} that you wrote on its lines {unsent === 1 ? 'is' : 'are'} not sent; {unsent === 1 ? 'it stays' : 'they stay'} in this browser.
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Sure key={headsOf(data)} isOnward verb="Approve and merge" effect={FOR_GOOD} busy={rests} onSure={() => merge.mutate()} />
        <Button disabled={rests} onClick={() => approve.mutate()}>
          Approve
        </Button>
      </div>
      <Words
        label="What should be different?"
        verb="Request changes"
        look="plain"
        busy={busy}
        about={reviewOf(id)}
        onSend={back.mutateAsync}
      />
    </div>
  );
}

/** What is asked for once is asked for those commits only. */
export const headsOf = ({ pull_requests: pulls }: TaskDetail) => pulls.map(({ head }) => head).join(' ');

/** A review counts for the commits that were looked at, and for no later ones. */
function useReview(id: TaskId, detail: TaskDetail | undefined) {
  const heads = Object.fromEntries((detail?.pull_requests ?? []).map(({ repository, head }) => [repository, head]));
  return async (verdict: Verdict, body: string, options: RequestInit) => {
    await reviewTask(id, { verdict, body, heads }, options);
    // Approved, it waits for no words any more, whatever comes of the merge.
    if (verdict === 'approve') leave(reviewOf(id));
  };
}

export function Said({ detail: { delivery, checks } }: { detail: TaskDetail }) {
  return (
    <div className="flex flex-col gap-2">
      {delivery && <Markdown text={delivery.what} />}
      {delivery && <Markdown text={delivery.why} className="text-muted" />}
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

/** Whether it could be looked at, and whether it is being looked at anew since something else was delivered. */
type Looked = 'not yet' | 'anew' | 'looked';

/**
 * Whether all that a person decides on is there: what is changed, and what a merge comes to. Nothing can be pressed
 * before, nor moves below the pointer after it; what somebody writes beside it stays. What cannot be had does not keep
 * anybody from deciding.
 */
export function useLooked(detail: TaskDetail | undefined): Looked {
  const pulls = detail?.pull_requests ?? [];
  const { isPending } = useQuery({ ...mergeForecast(detail?.task.id ?? 0, detail?.version ?? 0), enabled: detail !== undefined });
  const diffs = useQueries({ queries: pulls.map(({ repository, head }) => changes(detail?.task.id ?? 0, repository, head)) });
  const isThere = detail !== undefined && !isPending && diffs.every((diff) => !diff.isPending);
  const wasThere = useRef(false);
  wasThere.current ||= isThere;
  return isThere ? 'looked' : wasThere.current ? 'anew' : 'not yet';
}

/** What a merge would come to, said before it is done. */
export function Effect({ detail }: { detail: TaskDetail }) {
  const { data: forecasts, error } = useQuery(mergeForecast(detail.task.id, detail.version));
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
      {!forecasts && <p>{error ? `What a merge would come to is not known: ${error.message}` : 'Looking what a merge would come to'}</p>}
      <p>{freed.length === 0 ? 'No task waits for it.' : `Waiting for it: ${freed.join(', ')}`}</p>
    </div>
  );
}
