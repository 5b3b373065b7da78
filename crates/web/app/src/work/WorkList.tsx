// Attempts that have not ended: where each stands, what it does, and when its agent was last heard.
import { Link } from '@tanstack/react-router';
import type { WorkItem } from '../api/generated/team6.schemas';
import { LastSign } from '../sprint/Running';
import { Age, Stopwatch, useNow } from '../ui/Age';
import { StatusMark } from '../ui/StatusMark';
import { span } from '../ui/time';
import { told } from './states';

export function WorkList({ items, label }: { items: readonly WorkItem[]; label: string }) {
  return (
    <ul aria-label={label}>
      {items.map((item) => (
        <Row key={item.attempt} item={item} />
      ))}
    </ul>
  );
}

function Row({ item }: { item: WorkItem }) {
  const { status, text } = told(item);
  const doing = item.progress ?? item.lacking ?? null;
  return (
    <li className="flex min-h-(--row) items-center gap-3 border-b border-line px-4 py-1 max-desk:flex-wrap max-desk:gap-y-0.5">
      <StatusMark status={status} label={text} />
      <span className="flex min-w-0 flex-1 items-baseline gap-3 max-desk:basis-[calc(100%-40px)] max-desk:flex-col max-desk:gap-0">
        <Subject item={item} />
        <span className="max-w-full min-w-0 truncate text-muted">{doing ?? text}</span>
      </span>
      <Link
        to="/agents"
        search={{ agent: item.agent }}
        className="shrink-0 font-mono text-dense text-muted underline decoration-line-strong underline-offset-4 max-desk:flex max-desk:min-h-11 max-desk:items-center"
      >
        {item.agent}
      </Link>
      <span className="w-28 shrink-0 truncate font-mono text-dense text-faint max-wide:hidden">{item.worker ?? item.project}</span>
      {item.started_at == null ? <Waits item={item} /> : <Stopwatch since={item.started_at} className="w-16 shrink-0 text-right font-mono text-dense" />}
      {item.active_at != null && item.silent_until != null && (
        <LastSign life={{ attempt: item.attempt, active_at: item.active_at, silent_until: item.silent_until }} />
      )}
    </li>
  );
}

function Subject({ item: { task, sprint, attempt, title } }: { item: WorkItem }) {
  const name = (
    <>
      <span className="shrink-0 font-mono text-dense text-faint">{task == null ? `S-${sprint}` : `T-${task}`}</span>
      <span className="truncate font-medium">{title}</span>
    </>
  );
  const looks = 'flex max-w-full min-w-0 items-baseline gap-2 hover:underline max-desk:min-h-11 max-desk:items-center desk:max-w-[60%]';
  return task == null ? (
    <Link to="/sprints/$sprint" params={{ sprint }} className={looks}>
      {name}
    </Link>
  ) : (
    <Link to="/tasks/$task" params={{ task }} search={{ attempt }} className={looks}>
      {name}
    </Link>
  );
}

/** For how long it has waited, or until when it will. */
function Waits({ item: { not_before: until, scheduled_at: since } }: { item: WorkItem }) {
  const now = useNow();
  if (until != null && until > now) return <span className="shrink-0 text-right font-mono text-dense text-muted">in {span(until - now)}</span>;
  return <Age since={since} className="w-16 shrink-0 text-right font-mono text-dense text-faint" />;
}
