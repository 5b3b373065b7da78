// What runs now, in one look: for each task its agent, its step, for how long, and when it last gave a sign of life.
import { Link } from '@tanstack/react-router';
import type { Running as Life, SprintDetail, SprintTask } from '../api/generated/team6.schemas';
import { usePulse } from '../live/pulse';
import { Stopwatch, useNow } from '../ui/Age';
import { cx } from '../ui/cx';
import { span } from '../ui/time';
import { isStale } from './stale';

export function Running({ detail }: { detail: SprintDetail }) {
  const running = detail.tasks.filter(({ running, task }) => running || task.state === 'in progress');
  if (running.length === 0 && !detail.running) return null;
  return (
    <ul aria-label="Running now" className="border-b border-line bg-sunken">
      {detail.running && <PlannerRow detail={detail} life={detail.running} />}
      {running.map(({ task, running }) => (
        <Row key={task.id} task={task} life={running ?? null} />
      ))}
    </ul>
  );
}

const ROW = 'flex min-h-(--row) items-center gap-3 px-4 max-desk:flex-wrap max-desk:gap-y-0 max-desk:py-1';

function Row({ task, life }: { task: SprintTask['task']; life: Life | null }) {
  return (
    <li className={ROW}>
      <Dot />
      <Link
        to="/tasks/$task"
        params={{ task: task.id }}
        className="flex min-w-0 items-baseline gap-2 hover:underline max-desk:min-h-11 max-desk:w-[calc(100%-20px)] max-desk:items-center"
      >
        <span className="shrink-0 font-mono text-dense text-faint">T-{task.id}</span>
        <span className="truncate font-medium">{task.title}</span>
      </Link>
      <span className="min-w-0 flex-1 truncate text-muted">{stepOf(life) ?? task.why?.text}</span>
      <span className="shrink-0 font-mono text-dense text-muted">{life?.agent ?? task.agent}</span>
      <Stopwatch since={life?.started_at ?? task.since} className="w-14 shrink-0 text-right font-mono text-dense" />
      {life && <LastSign life={life} />}
    </li>
  );
}

/** The planning agent at work. */
function PlannerRow({ detail, life }: { detail: SprintDetail; life: Life }) {
  return (
    <li className={ROW}>
      <Dot />
      <span className="font-medium">The plan</span>
      <span className="min-w-0 flex-1 truncate text-muted">{stepOf(life) ?? detail.sprint.why?.text}</span>
      <span className="shrink-0 font-mono text-dense text-muted">{life.agent}</span>
      <Stopwatch since={life.started_at} className="w-14 shrink-0 text-right font-mono text-dense" />
      <LastSign life={life} />
    </li>
  );
}

/** Something is at work. */
export function Dot() {
  return <span aria-hidden className="live-dot size-2 shrink-0 rounded-full bg-st-progress" />;
}

/** What it does now, in a few words. */
export function stepOf(life: Life | null): string | null {
  if (!life) return null;
  if (life.stopping) return 'being stopped';
  return life.progress ?? (life.ready ? null : 'its workspace is being made');
}

/** How long ago its agent said something, marked once the engine is about to give it up. */
export function LastSign({ life }: { life: Pick<Life, 'attempt' | 'active_at' | 'silent_until'> }) {
  const heard = usePulse(life.attempt);
  const now = useNow();
  const last = Math.max(heard ?? 0, life.active_at);
  const stale = isStale(life, last, now);
  return (
    <span
      className={cx('min-w-24 shrink-0 text-right font-mono text-meta whitespace-nowrap', stale ? 'text-st-failed' : 'text-faint')}
      title="When its agent last said something"
    >
      {stale ? '⚠ silent ' : 'heard '}
      {span(now - last)}
    </span>
  );
}
