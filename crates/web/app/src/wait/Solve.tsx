// What waits for a person, with the means to solve it right there: in the inbox, and wherever else it is shown.
import type { SprintId, TaskId, Why } from '../api/generated/team6.schemas';
import { Readable } from '../ui/markdown/Markdown';
import { SkeletonRows } from '../ui/Skeleton';
import { AnswerAgent } from './AnswerAgent';
import { AnswerPlanner } from './AnswerPlanner';
import { ApprovePlan } from './ApprovePlan';
import { MergeTask } from './MergeTask';
import { Owners } from './Owners';
import { RaiseBudget, RaiseFunds } from './RaiseBudget';
import { GiveUp, Passing, Retry } from './Retry';
import { ReviewSubtask } from './ReviewSubtask';
import { ReviewTask } from './ReviewTask';
import { TakeBack } from './TakeBack';
import { WithoutIt } from './WithoutIt';
import { Writes } from './Writes';

interface Props {
  sprint: SprintId;
  task: TaskId | null;
  why: Why;
}

export function Solve(props: Props) {
  return (
    <Writes>
      <Readable fallback={<SkeletonRows rows={6} label="Loading what waits" />}>
        <Means key={whichOf(props)} {...props} />
      </Readable>
    </Writes>
  );
}

function Means({ sprint, task, why }: Props) {
  const { reason } = why;
  switch (reason.reason) {
    case 'question_open':
      return <AnswerPlanner sprint={sprint} question={reason.question} />;
    case 'no_owner':
      return <Owners sprint={sprint} />;
    case 'awaits_approval':
      return <ApprovePlan sprint={sprint} version={reason.version} />;
    case 'planning_failed':
      return <Retry sprint={sprint} task={null} failure={reason.failure} since={why.since} next={null} />;
    case 'failed':
      return <Retry sprint={sprint} task={task} failure={reason.failure} since={why.since} next={null} />;
    case 'held':
      return <Retry sprint={sprint} task={task} failure={reason.failure} since={why.since} next={why.by ?? null} />;
    case 'backoff':
      return <Passing sprint={sprint} task={task} failure={reason.failure} next={why.by ?? null} />;
    case 'asked':
      return task === null ? null : <AnswerAgent task={task} since={why.since} />;
    case 'review':
      return task === null ? null : <ReviewTask task={task} />;
    case 'subtask_review':
      return <ReviewSubtask task={reason.task} />;
    case 'partly_reverted':
      return task === null ? null : <TakeBack task={task} />;
    case 'dependency_cancelled':
      return task === null ? null : <WithoutIt sprint={sprint} task={task} text={why.text} />;
    case 'merge':
    case 'partly_merged':
      return task === null ? null : <MergeTask task={task} partly={reason.reason === 'partly_merged'} />;
    case 'budget':
      return (
        <>
          <RaiseBudget sprint={sprint} short={reason.short} />
          {task !== null && <GiveUp task={task} />}
        </>
      );
    case 'funds':
      return <RaiseFunds sprint={sprint} short={reason.short} />;
    default:
      return <p className="break-words text-muted">{why.text}</p>;
  }
}

/** What is solved here: what is written for one wait is never sent for another. */
function whichOf({ sprint, task, why: { reason } }: Props): string {
  const part = reason.reason === 'question_open' ? reason.question : reason.reason === 'awaits_approval' ? reason.version : '';
  return `${sprint} ${task} ${reason.reason} ${part}`;
}
