// A sprint as of any event: a slider over all that happened, and above it graph and states as they were then.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, useEffect, useState } from 'react';
import { kindIn } from '../audit/words';
import { REPLAY_VIEWS } from '../addresses';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { TaskList } from '../sprint/TaskList';
import { Button, buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { Tabs } from '../ui/Tabs';
import { part } from '../ui/part';
import { GROUPS, GROUP_NAME, GROUP_STATUS } from '../ui/status';
import { full } from '../ui/time';
import { sprintAt, sprintLog } from './queries';

const Graph = lazy(() => part(() => import('../sprint/graph/Graph')).then(({ Graph }) => ({ default: Graph })));

const route = getRouteApi('/shell/sprints/$sprint/replay');

/** How long each event is shown while it plays, in milliseconds. */
const STEP = 400;

export function ReplayPage() {
  const { sprint: id } = route.useParams();
  const { at, task, view = 'graph' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: events, error } = useQuery(sprintLog(id));
  const last = (events?.length ?? 1) - 1;
  // The newest event that had happened by the version of the address.
  const place = events === undefined ? 0 : at === undefined ? last : Math.max(0, events.findLastIndex(({ version }) => version <= at));
  const event = events?.[place];
  const { data, error: failed } = useQuery(sprintAt(id, at ?? event?.version));
  const [playing, play] = useState(false);
  const go = (to: number) => {
    const next = events?.[Math.max(0, Math.min(last, to))];
    if (next) void navigate({ search: (search) => ({ ...search, at: next.version }), replace: true });
  };
  const choose = (next: number | undefined) => void navigate({ search: (search) => ({ ...search, task: next }), replace: true });
  usePageKeys({ l: () => go(place + 1), h: () => go(place - 1), p: () => play(!playing) });
  useEffect(() => {
    if (!playing) return;
    if (place >= last) return play(false);
    const timer = setTimeout(() => go(place + 1), STEP);
    return () => clearTimeout(timer);
  });
  return (
    <Page
      name={`Replay of S-${id}`}
      title={
        <h1 className="flex min-w-0 flex-1 basis-0 items-baseline gap-2 text-head font-semibold">
          <span className="shrink-0 font-mono text-dense font-normal text-faint">S-{id}</span>
          <span className="truncate">Replay{data ? ` of ${data.sprint.title}` : ''}</span>
        </h1>
      }
      actions={
        <Link to="/sprints/$sprint" params={{ sprint: id }} className={buttonClass('plain')}>
          As it is now
        </Link>
      }
    >
      {error || failed ? (
        <div className="p-4">
          <ProblemNote error={error ?? failed} />
        </div>
      ) : !events || !event || !data ? (
        <SkeletonRows rows={12} label="Loading what happened" />
      ) : (
        <>
          <div className="flex shrink-0 items-center gap-3 border-b border-line px-4 max-desk:flex-wrap max-desk:px-2">
            <Tabs
              label="View"
              tabs={REPLAY_VIEWS}
              current={view}
              link={(each, className, children) => (
                <Link from="/sprints/$sprint/replay" search={(search) => ({ ...search, view: each })} replace className={className}>
                  {children}
                </Link>
              )}
            />
            <ul aria-label="Tasks by state" className="ml-auto flex flex-wrap gap-x-3 text-dense text-muted">
              <li>{data.pause ? `paused by ${data.pause.by}` : data.sprint.phase}</li>
              {GROUPS.filter((group) => data.sprint.counts[group] > 0).map((group) => (
                <li key={group} className="flex items-center gap-1">
                  <StatusMark status={GROUP_STATUS[group]} size={12} />
                  <span className="font-mono">{data.sprint.counts[group]}</span>
                  {GROUP_NAME[group]}
                </li>
              ))}
            </ul>
          </div>
          {data.tasks.length === 0 ? (
            <div className="min-h-0 flex-1 overflow-y-auto">
              <Empty
                title="There was no task yet"
                command={`team6 events --sprint ${data.sprint.id}`}
                action={
                  <Button onClick={() => go(Number.MAX_SAFE_INTEGER)}>To the last event</Button>
                }
              >
                {data.sprint.why?.text}
              </Empty>
            </div>
          ) : view === 'graph' ? (
            // The slider below stands where it is while the graph comes.
            <div className="flex min-h-0 flex-1 flex-col overflow-hidden">
              <Suspense fallback={<SkeletonRows rows={8} label="Loading the graph" />}>
                <Graph detail={data} shown={undefined} chosen={task} onChoose={choose} />
              </Suspense>
            </div>
          ) : (
            <TaskList tasks={data.tasks} critical={data.critical_path} chosen={task} onChoose={choose} />
          )}
          <div className="shrink-0 border-t border-line bg-surface px-4 py-2">
            <div className="flex items-center gap-3">
              <Button onClick={() => play(!playing)} className="w-16">
                {playing ? 'Pause' : 'Play'}
              </Button>
              <input
                type="range"
                aria-label="Event"
                aria-valuetext={`${kindIn(event.kind)}, ${full(event.at)}`}
                min={0}
                max={last}
                value={place}
                onChange={({ target }) => go(Number(target.value))}
                className="h-7 min-w-0 flex-1 accent-(--accent) max-desk:h-11"
              />
              <span className="w-24 shrink-0 text-right font-mono text-dense text-faint">
                {place + 1} of {last + 1}
              </span>
            </div>
            <p className="flex flex-wrap items-baseline gap-x-3 pt-1 text-dense">
              <span className="font-mono text-faint">{full(event.at)}</span>
              <span className="font-medium">{kindIn(event.kind)}</span>
              <span className="text-muted">by {event.actor}</span>
              <Link
                to="/audit"
                search={{ sprint: id, event: event.position }}
                className="inline-flex min-h-6 items-center text-muted underline decoration-line-strong underline-offset-4 max-desk:min-h-11"
              >
                on record as {event.position}
              </Link>
            </p>
          </div>
        </>
      )}
    </Page>
  );
}
