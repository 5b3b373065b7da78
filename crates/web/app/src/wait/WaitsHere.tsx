// What waits for a person about the thing of this page, folded up to one line until somebody turns to it.
import type { SprintId, TaskId, Why } from '../api/generated/team6.schemas';
import { StatusMark } from '../ui/StatusMark';
import { Solve } from './Solve';
import { kindOf } from './kinds';

interface Props {
  sprint: SprintId;
  task: TaskId | null;
  why: Why;
}

/** What went wrong and what an agent waits for are open from the start. */
const URGENT = new Set(['failed', 'planning_failed', 'asked', 'question_open', 'partly_merged', 'partly_reverted']);

export function WaitsHere({ sprint, task, why }: Props) {
  const { reason } = why.reason;
  return (
    <details key={`${sprint} ${task} ${reason}`} open={URGENT.has(reason)} className="shrink-0 border-b border-line">
      <summary className="flex min-h-(--row) cursor-pointer items-center gap-2 px-4 hover:bg-hover">
        <StatusMark status={kindOf(reason).status} />
        <span className="min-w-0 truncate">{why.text}</span>
        {why.actor.actor === 'person' && <span className="ml-auto text-dense text-muted">{why.actor.name}</span>}
      </summary>
      <div
        role="region"
        aria-label="What can be done"
        tabIndex={0}
        // What is to be done stands below the lines, and the rest of them in the trace.
        className="max-h-[48vh] max-w-[640px] [--last-lines:7rem] overflow-y-auto px-4 pt-1 pb-4"
      >
        <Solve sprint={sprint} task={task} why={why} />
      </div>
    </details>
  );
}
