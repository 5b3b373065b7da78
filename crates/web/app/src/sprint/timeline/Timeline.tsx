// Who worked on what when: a line for each task, its attempts as bars that lead to what was done in them, and the time in
// which nobody worked folded away.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useLayoutEffect, useRef, useState } from 'react';
import { listAttempts } from '../../api/generated/team6';
import type { SprintDetail, SprintTask, TaskId } from '../../api/generated/team6.schemas';
import { usePageKeys } from '../../shell/keys';
import { outcomeOf } from '../../task/attempt';
import { useNow } from '../../ui/Age';
import { buttonClass } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { SkeletonRows } from '../../ui/Skeleton';
import { StatusMark } from '../../ui/StatusMark';
import { cx } from '../../ui/cx';
import { statusOf } from '../../ui/status';
import { clock, full, span as spanText } from '../../ui/time';
import { type Bar, type Part, barsOf, partsOf, placeOf, ticksOf } from './scale';
import { type Span, byTask, spansOf } from './spans';

interface Props {
  detail: SprintDetail;
  tasks: readonly SprintTask[];
  chosen: TaskId | undefined;
  onChoose: (task: TaskId) => void;
}

export function Timeline({ detail, tasks, chosen, onChoose }: Props) {
  const { id } = detail.sprint;
  const { data } = useQuery({
    queryKey: ['attempts', id, detail.version],
    queryFn: async ({ signal }) => (await listAttempts(id, { signal })).items,
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  const [folds, fold] = useState(true);
  const [track, width] = useWidth();
  const clockNow = useNow();
  const over = detail.sprint.phase === 'finished' || detail.sprint.phase === 'cancelled';
  const ordered = [...tasks].sort((one, other) => (one.level ?? Infinity) - (other.level ?? Infinity) || one.task.id - other.task.id);
  const step = (by: number) => {
    const at = ordered.findIndex(({ task }) => task.id === chosen);
    const next = ordered[at < 0 ? 0 : Math.max(0, Math.min(ordered.length - 1, at + by))];
    if (next) onChoose(next.task.id);
  };
  usePageKeys({ j: () => step(1), k: () => step(-1) });
  if (!data) return <SkeletonRows rows={8} label="Loading the timeline" />;
  if (data.length === 0)
    return (
      <Empty
        title="Nothing has begun yet"
        command={`team6 sprint show ${id}`}
        action={
          <Link to="/plan/$sprint" params={{ sprint: id }} className={buttonClass('plain')}>
            See the plan
          </Link>
        }
      >
        Each attempt of an agent becomes a bar here, from the first one of the planning on.
      </Empty>
    );
  const now = over ? detail.sprint.since : clockNow;
  const attempts = byTask(data);
  const planning = spansOf(attempts.get(0) ?? [], null, now);
  const lines = ordered.map((task) => ({ task, spans: spansOf(attempts.get(task.task.id) ?? [], task.task, now) }));
  const parts = partsOf([...planning, ...lines.flatMap(({ spans }) => spans)], now, folds);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex min-h-9 shrink-0 items-center gap-4 border-b border-line px-4 text-dense text-muted max-desk:px-2">
        <Legend />
        <label className="ml-auto flex items-center gap-2 pointer-coarse:min-h-11">
          <input type="checkbox" checked={folds} onChange={(event) => fold(event.target.checked)} />
          Fold idle time
        </label>
      </div>
      <div role="region" aria-label="Timeline" tabIndex={0} className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto">
        <Row label={<span className="text-dense text-faint">Time</span>} axis>
          <div ref={track} className="relative h-7">
            <Axis parts={parts} width={width} now={over ? null : now} />
          </div>
        </Row>
        <ul aria-label="Attempts by task">
          {planning.length > 0 && (
            <li className="border-b border-line">
              <Row
                label={
                  <Link to="/plan/$sprint" params={{ sprint: id }} className="truncate font-medium hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center">
                    The plan
                  </Link>
                }
              >
                <Line spans={planning} parts={parts} width={width} now={over ? null : now} sprint={id} task={null} name="the plan" />
              </Row>
            </li>
          )}
          {lines.map(({ task: { task }, spans }) => (
            <li key={task.id} aria-current={task.id === chosen || undefined} className="border-b border-line hover:bg-hover aria-[current]:bg-hover">
              <Row
                label={
                  <>
                    <StatusMark status={statusOf(task.state)} label={task.state} size={12} />
                    <button type="button" onClick={() => onChoose(task.id)} className="min-w-0 truncate text-left hover:underline max-desk:min-h-11 pointer-coarse:min-h-11 pointer-coarse:min-w-11">
                      {task.title}
                    </button>
                  </>
                }
              >
                <Line spans={spans} parts={parts} width={width} now={over ? null : now} sprint={id} task={task.id} name={task.title} />
              </Row>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** A label beside what happened, or above it where there is no room. */
function Row({ label, axis = false, children }: { label: React.ReactNode; axis?: boolean; children: React.ReactNode }) {
  return (
    <div className={cx('flex items-center px-4 max-desk:flex-col max-desk:items-stretch max-desk:px-2', axis && 'sticky top-0 z-10 border-b border-line bg-canvas')}>
      <div className={cx('flex w-56 shrink-0 items-center gap-2 pr-3 max-desk:w-auto max-desk:pt-1', axis && 'max-desk:hidden')}>{label}</div>
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}

function Axis({ parts, width, now }: { parts: readonly Part[]; width: number; now: number | null }) {
  return (
    <>
      {parts.filter(({ idle }) => idle).map(({ from, to, start, end }) => (
        <span
          key={from}
          title={`${spanText(to - from)} without work`}
          className="absolute top-1 bottom-1 flex items-center justify-center overflow-hidden border-x border-dashed border-line text-meta text-faint"
          style={{ left: `${start * 100}%`, width: `${(end - start) * 100}%` }}
        >
          <span aria-hidden>⋯</span>
          <span className="sr-only">{spanText(to - from)} without work</span>
        </span>
      ))}
      {ticksOf(parts, width).map(({ at, place }, index, all) => (
        <time key={at} dateTime={new Date(at).toISOString()} title={full(at)} className="absolute top-1.5 border-l border-line-strong pl-1 font-mono text-meta text-muted" style={{ left: `${place * 100}%` }}>
          {label(at, all[index - 1]?.at, all)}
        </time>
      ))}
      {now !== null && <NowLine parts={parts} now={now} />}
    </>
  );
}

/** The time of day, or the day where another one begins; seconds where steps are that small. */
function label(at: number, before: number | undefined, all: readonly { at: number }[]): string {
  const day = (time: number) => new Date(time).toLocaleDateString([], { day: 'numeric', month: 'short' });
  if (before !== undefined && day(before) !== day(at)) return day(at);
  const small = all.length > 1 && (all[1]?.at ?? 0) - (all[0]?.at ?? 0) < 60_000;
  return small ? new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }) : clock(at);
}

function NowLine({ parts, now }: { parts: readonly Part[]; now: number }) {
  return <span aria-hidden data-testid="now" className="pointer-events-none absolute inset-y-0 w-px bg-fg" style={{ left: `min(${placeOf(parts, now) * 100}%, calc(100% - 1px))` }} />;
}

interface LineProps {
  spans: readonly Span[];
  parts: readonly Part[];
  width: number;
  now: number | null;
  sprint: number;
  task: TaskId | null;
  name: string;
}

function Line({ spans, parts, width, now, sprint, task, name }: LineProps) {
  return (
    <div className="relative h-9 pointer-coarse:h-12">
      {spans.filter(({ kind }) => kind !== 'work').map(({ kind, from, to }) => {
        const [start, end] = [placeOf(parts, from), placeOf(parts, to)];
        return (
          <span
            key={`${kind}${from}`}
            title={`${kind}, ${spanText(to - from)}`}
            className={cx('absolute top-1/2', kind === 'review' ? '-mt-1 h-2 border-y border-st-review' : 'h-0 border-t border-dashed border-faint')}
            style={{ left: `${start * 100}%`, width: `${(end - start) * 100}%` }}
          />
        );
      })}
      {width > 0 && barsOf(spans, parts, width).map((bar) => <BarLink key={bar.spans[0]?.attempt.id} bar={bar} sprint={sprint} task={task} name={name} />)}
      {now !== null && <NowLine parts={parts} now={now} />}
    </div>
  );
}

function BarLink({ bar: { left, width, spans }, sprint, task, name }: { bar: Bar; sprint: number; task: TaskId | null; name: string }) {
  const last = spans.at(-1);
  if (!last) return null;
  const { attempt } = last;
  const { status, text } = outcomeOf(attempt);
  const many = spans.length > 1 ? `${spans.length} attempts, the last ` : '';
  const said = `${many}${attempt.id} ${text}, ${spanText(last.to - last.from)}, of ${name}`;
  const look = {
    'aria-label': said,
    title: said,
    style: { left, width },
    className: cx(
      'absolute inset-y-1.5 flex min-w-0 items-center justify-center gap-1 overflow-hidden rounded-sm border bg-raised text-meta hover:bg-hover pointer-coarse:inset-y-0.5',
      status === 'failed' ? 'border-st-failed' : status === 'progress' ? 'border-st-progress' : 'border-line-strong',
    ),
  };
  const content = (
    <>
      <StatusMark status={status} size={11} />
      {spans.length > 1 && width >= 40 && <span className="font-mono">{spans.length}</span>}
      {spans.length === 1 && width >= 64 && <span className="truncate font-mono text-muted">{spanText(last.to - last.from)}</span>}
    </>
  );
  return task === null ? (
    <Link to="/plan/$sprint/$step" params={{ sprint, step: 'goal' }} {...look}>
      {content}
    </Link>
  ) : (
    <Link to="/tasks/$task" params={{ task }} search={{ attempt: attempt.id }} {...look}>
      {content}
    </Link>
  );
}

function Legend() {
  return (
    <p aria-hidden className="flex items-center gap-4">
      <span className="flex items-center gap-1.5">
        <span className="w-5 border-t border-dashed border-faint" /> waiting
      </span>
      <span className="flex items-center gap-1.5">
        <span className="h-3 w-5 rounded-sm border border-st-progress bg-raised" /> at work
      </span>
      <span className="flex items-center gap-1.5">
        <span className="h-2 w-5 border-y border-st-review" /> review
      </span>
    </p>
  );
}

/** The width of an element, as it is. */
function useWidth() {
  const [width, setWidth] = useState(0);
  const seen = useRef<ResizeObserver | null>(null);
  useLayoutEffect(() => () => seen.current?.disconnect(), []);
  const track = (element: HTMLElement | null) => {
    if (!element || seen.current) return;
    setWidth(element.clientWidth);
    seen.current = new ResizeObserver(() => setWidth(element.clientWidth));
    seen.current.observe(element);
  };
  return [track, width] as const;
}
