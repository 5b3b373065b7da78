// What the engine's own checks say of a task: evidence, not claims. Each run has its log, and each log an address.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { CheckItem, CheckOutcome, Run, TaskDetail, Weakening } from '../api/generated/team6.schemas';
import { checkLog } from '../api/queries';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import type { Status } from '../ui/status';
import { full, stopwatch } from '../ui/time';
import { ExportReceipts } from './ExportReceipts';
import { ansiSpans } from './trace/ansi';

const OUTCOME: Record<CheckOutcome, { status: Status; text: string }> = {
  passed: { status: 'done', text: 'passed' },
  broke: { status: 'failed', text: 'broke: it passes on the base' },
  red_before: { status: 'blocked', text: 'fails, and did so before' },
  timed_out: { status: 'failed', text: 'took too long' },
  could_not_run: { status: 'blocked', text: 'could not be run' },
};

function weakenedBy(how: Weakening): string {
  switch (how.how) {
    case 'test_removed':
      return `the test ${how.test} is gone`;
    case 'assertions_lost':
      return `${how.count} fewer assertions`;
    case 'skip_added':
      return `tests are left out by “${how.line}”`;
  }
}

/** How much of a log is drawn; its end is what matters. */
const MOST = 200_000;

interface Props {
  detail: TaskDetail;
  receipt: number | undefined;
  ofBase: boolean;
}

export function Checks({ detail, receipt, ofBase }: Props) {
  const { items = [], pending = [], weakened = [] } = detail.checks ?? {};
  const { id } = detail.task;
  if (items.length + pending.length + weakened.length === 0)
    return (
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Empty
          title="No check was run on it"
          command={`team6 repo check add ${detail.project} REPOSITORY NAME "COMMAND"`}
          action={
            <Link to="/repos" search={{ repo: detail.planned.repositories[0], project: undefined }} className={buttonClass('plain')}>
              See the checks of its repository
            </Link>
          }
        >
          A repository's checks are run by the engine on every delivery, in a clean workspace, before anybody is asked to review.
        </Empty>
      </div>
    );
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <ul aria-label="Checks">
        {pending.map(({ check, repository }) => (
          <li key={`${repository} ${check.name}`} className="flex min-h-(--row) items-center gap-3 border-b border-line px-4 py-1">
            <StatusMark status="progress" />
            <span className="font-medium">{check.name}</span>
            <span className="text-muted">is still to be run in {repository}</span>
          </li>
        ))}
        {[...items].reverse().map((item) => (
          <Item key={item.receipt.number} task={id} item={item} shown={item.receipt.number === receipt} ofBase={ofBase} />
        ))}
      </ul>
      {weakened.map(({ repository, weakened }) => (
        <section key={repository} aria-label={`Weakened tests in ${repository}`} className="px-4 py-3">
          <h2 className="flex items-center gap-2 font-medium">
            <StatusMark status="blocked" /> Tests that it weakens in {repository}
          </h2>
          <ul className="mt-1 list-disc pl-9 text-muted">
            {weakened.map((each, at) => (
              <li key={at} className="wrap-anywhere">
                <span className="font-mono">{each.path}</span>: {weakenedBy(each.how)}
              </li>
            ))}
          </ul>
        </section>
      ))}
      {items.length > 0 && <ExportReceipts task={detail.task} />}
    </div>
  );
}

function Item({ task, item: { receipt, current }, shown, ofBase }: { task: number; item: CheckItem; shown: boolean; ofBase: boolean }) {
  const { status, text } = OUTCOME[receipt.outcome];
  const log = (base: boolean, run: Run, name: string) => (
    <Link
      from="/tasks/$task"
      search={shown && ofBase === base ? { tab: 'checks' } : { tab: 'checks', receipt: receipt.number, ...(base ? { of: 'base' as const } : {}) }}
      replace
      aria-expanded={shown && ofBase === base}
      className="text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:py-3"
    >
      {name} <span className="font-mono text-dense">{run.commit.slice(0, 10)}</span>
    </Link>
  );
  return (
    <li className="border-b border-line px-4 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
        <StatusMark status={status} />
        <span className="font-medium">{receipt.check.name}</span>
        <span>{text}</span>
        {!current && <span className="text-dense text-muted">of an older commit</span>}
        <span className="ml-auto font-mono text-dense text-faint" title={full(receipt.run.began)}>
          {receipt.repository}, {stopwatch(receipt.run.ended - receipt.run.began)}
        </span>
      </div>
      <p className="pl-6 font-mono text-dense wrap-anywhere text-muted">{receipt.check.command}</p>
      <p className="flex flex-wrap gap-x-4 pl-6 text-dense">
        <span className="text-faint">Log of</span>
        {log(false, receipt.run, 'the delivery')}
        {receipt.base && log(true, receipt.base, 'the base')}
        <span className="font-mono text-faint" title={`Receipt ${receipt.number}, ${receipt.hash}`}>
          #{receipt.number} {receipt.hash.slice(0, 10)}
        </span>
      </p>
      {shown && <Log task={task} receipt={receipt.number} base={ofBase} />}
    </li>
  );
}

function Log({ task, receipt, base }: { task: number; receipt: number; base: boolean }) {
  const { data, error } = useQuery(checkLog(task, receipt, base));
  if (error) return <ProblemNote error={error} />;
  if (!data)
    return (
      <div className="h-96 overflow-hidden">
        <SkeletonRows rows={8} label="Loading the log" />
      </div>
    );
  const left = data.said.length - MOST;
  return (
    <pre tabIndex={0} role="region" aria-label="Log" className="mt-2 h-96 overflow-auto bg-sunken p-2 font-mono text-meta wrap-anywhere whitespace-pre-wrap">
      {left > 0 && `… ${left} characters before this\n`}
      {ansiSpans(data.said.slice(-MOST)).map((piece, at) => (
        <span key={at} className={piece.className}>
          {piece.text}
        </span>
      ))}
      {data.said === '' && 'It said nothing.'}
    </pre>
  );
}
