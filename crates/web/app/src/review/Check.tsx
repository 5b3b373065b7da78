// What one of the engine's own checks says of a delivery, with its log to unfold.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CheckItem, TaskId } from '../api/generated/team6.schemas';
import { ansiSpans } from '../task/trace/ansi';
import { ProblemNote } from '../ui/ProblemNote';
import { StatusMark } from '../ui/StatusMark';
import type { Status } from '../ui/status';
import { checkLog } from './queries';

const OUTCOME: Record<string, { status: Status; text: string }> = {
  passed: { status: 'done', text: 'passed' },
  broke: { status: 'failed', text: 'is broken by it' },
  red_before: { status: 'blocked', text: 'fails, and did so before' },
  timed_out: { status: 'failed', text: 'took too long' },
  could_not_run: { status: 'blocked', text: 'could not be run' },
};

export function Check({ task, item: { receipt } }: { task: TaskId; item: CheckItem }) {
  const [isOpen, open] = useState(receipt.outcome !== 'passed' && receipt.outcome !== 'red_before');
  const { status, text } = OUTCOME[receipt.outcome] ?? { status: 'blocked' as const, text: receipt.outcome };
  return (
    <details open={isOpen} onToggle={(event) => open(event.currentTarget.open)}>
      <summary className="flex min-h-6 cursor-pointer items-center gap-2 hover:bg-hover pointer-coarse:min-h-11">
        <StatusMark status={status} />
        <span className="font-mono text-dense">{receipt.check.name}</span>
        <span>{text}</span>
        <span className="ml-auto font-mono text-dense text-faint">
          {receipt.repository} {((receipt.run.ended - receipt.run.began) / 1000).toFixed(1)} s
        </span>
      </summary>
      {isOpen && <Log task={task} receipt={receipt.number} name={receipt.check.name} />}
    </details>
  );
}

/** The end of what a check said, which is where it fails. */
const END = 20_000;

function Log({ task, receipt, name }: { task: TaskId; receipt: number; name: string }) {
  const { data, error } = useQuery(checkLog(task, receipt));
  if (error) return <ProblemNote error={error} />;
  return (
    <pre tabIndex={0} aria-label={`What ${name} said`} className="h-48 overflow-auto bg-sunken px-2 py-1 font-mono text-meta whitespace-pre-wrap">
      {data?.said === '' && 'It said nothing.'}
      {ansiSpans(data?.said.slice(-END) ?? '').map((span, at) => (
        <span key={at} className={span.className}>
          {span.text}
        </span>
      ))}
    </pre>
  );
}
