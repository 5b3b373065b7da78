// The attempts of a task: why each was made, how it ended, what it used.
import { Link } from '@tanstack/react-router';
import type { AttemptItem, TaskDetail } from '../api/generated/team6.schemas';
import { Empty } from '../ui/Empty';
import { Stopwatch } from '../ui/Age';
import { AsWritten } from '../ui/markdown/AsWritten';
import { StatusMark } from '../ui/StatusMark';
import { full, stopwatch } from '../ui/time';
import { ToPlan } from './ToPlan';
import { outcomeOf, reasonOf } from './attempt';

export function Attempts({ detail }: { detail: TaskDetail }) {
  const { id } = detail.task;
  if (detail.attempts.length === 0)
    return (
      <Empty title="No attempt was made yet" command={`team6 task show ${id}`} action={<ToPlan task={id} />}>
        {detail.task.why?.text}
      </Empty>
    );
  return (
    <ol aria-label="Attempts" className="min-h-0 flex-1 overflow-y-auto">
      {[...detail.attempts].reverse().map((attempt) => (
        <Row key={attempt.id} task={id} attempt={attempt} />
      ))}
    </ol>
  );
}

function Row({ task, attempt }: { task: number; attempt: AttemptItem }) {
  const { status, text, detail } = outcomeOf(attempt);
  const { started_at: started, ended_at: ended, usage } = attempt;
  return (
    <li className="flex gap-3 border-b border-line px-4 py-2">
      <StatusMark status={status} className="mt-0.75" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <Link
            to="/tasks/$task"
            params={{ task }}
            search={{ attempt: attempt.id }}
            className="font-mono underline decoration-line-strong underline-offset-4 hover:decoration-fg max-desk:py-3"
          >
            {attempt.id}
          </Link>
          <span>{text}</span>
          <span className="text-dense text-muted">{reasonOf(attempt)}</span>
        </p>
        {detail && <AsWritten text={detail} className="text-muted" />}
        <p className="flex flex-wrap gap-x-4 font-mono text-dense text-faint">
          <span>{attempt.agent}</span>
          <span title={full(attempt.scheduled_at)}>
            {started == null ? 'not begun' : ended == null ? <Stopwatch since={started} /> : stopwatch(ended - started)}
          </span>
          <span>{(usage.input_tokens + usage.output_tokens).toLocaleString('en')} tokens</span>
          <span>${(usage.cost_micros / 1e6).toFixed(2)}</span>
        </p>
      </div>
    </li>
  );
}
