import { Link } from '@tanstack/react-router';
import type { SprintId, TaskId } from '../api/generated/team6.schemas';
import { GiveUp } from './Retry';

/** A task waits for one that was cancelled and will never be done: it is given up too, or the plan is changed. */
export function WithoutIt({ sprint, task, text }: { sprint: SprintId; task: TaskId; text: string }) {
  return (
    <div className="flex flex-col gap-3">
      <p className="break-words text-muted">{text}. It can begin once the plan no longer has it wait for that.</p>
      <p className="font-mono text-dense text-faint">team6 sprint edit {sprint}</p>
      <div className="flex flex-wrap gap-2">
        <GiveUp task={task} />
        <Link
          to="/sprints/$sprint"
          params={{ sprint }}
          className="self-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg"
        >
          See the sprint
        </Link>
      </div>
    </div>
  );
}
