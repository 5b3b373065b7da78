// The record of everything that happened: narrowed down, looked through from the newest back, each event with an address.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { LogEvent } from '../api/generated/team6.schemas';
import { people } from '../api/queries';
import { straight } from '../review/names';
import { Inspector } from '../shell/Inspector';
import { Page } from '../shell/Page';
import { Button, buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { Filters, Select, Text } from '../ui/Field';
import { Facts, LINK } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { full } from '../ui/time';
import { useChosen } from '../ui/useChosen';
import { Export } from './Export';
import { type Asked, logAfter, logBefore, logEvent } from './queries';
import { about, kindIn, sprintOf, taskOf } from './words';

const route = getRouteApi('/shell/audit');

export function AuditPage() {
  const search = route.useSearch();
  const { project, kind, sprint, task, actor, since, until, signs, event } = search;
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const { data: team } = useQuery(people);
  const asked: Asked = {
    ...(project ? { project } : {}),
    ...(kind ? { kind } : {}),
    ...(sprint ? { stream: `sprint/${sprint}` } : {}),
    ...(task ? { task } : {}),
    ...(actor ? { actor } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
    ...(signs ? {} : { without_signs: true }),
  };
  const list = useInfiniteQuery(logBefore(asked, undefined));
  const events = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const newest = list.isSuccess ? (events[0]?.position ?? 0) : undefined;
  const { data: newer = 0 } = useQuery(logAfter(asked, until === undefined ? newest : undefined));
  const { data: alone, error: missing } = useQuery(logEvent(event));
  const set = (more: Partial<typeof search>) => void navigate({ search: { ...search, ...more }, replace: true });
  const choose = (position: number | undefined) => set({ event: position });
  useChosen(
    events.map(({ position }) => position),
    event,
    choose,
  );
  const shown = events.find(({ position }) => position === event) ?? alone;
  return (
    <Page
      name="Audit"
      title={<h1 className="text-head font-semibold">Audit</h1>}
      actions={
        <>
          {/* It keeps its place, so that nothing moves when something happens. */}
          <Button
            className={newer > 0 ? '' : 'invisible'}
            disabled={newer === 0}
            onClick={() => void client.resetQueries({ queryKey: ['log-before'] })}
          >
            {newer >= 200 ? '200 or more' : newer} new
          </Button>
          <Export asked={asked} />
        </>
      }
      inspector={
        // Its place is taken before it is known, or it would push aside what is.
        event !== undefined && (
          <Inspector label="Event" title={<h2 className="truncate font-semibold">{shown ? kindIn(shown.kind) : `Event ${event}`}</h2>} onClose={() => choose(undefined)}>
            {shown ? (
              <OneEvent event={shown} />
            ) : missing ? (
              <div className="p-4">
                <ProblemNote error={missing} />
              </div>
            ) : alone === null ? (
              <p className="p-4 text-muted">It has not happened yet.</p>
            ) : (
              <SkeletonRows rows={6} label="Loading the event" />
            )}
          </Inspector>
        )
      }
    >
      <Filters label="Events">
        <Text label="Kind of event" placeholder="any kind" value={kind ?? ''} onChange={({ target }) => set({ kind: target.value.trim().replaceAll(' ', '_') || undefined })} className="w-36" />
        <Numbered label="Sprint" value={sprint} onSet={(value) => set({ sprint: value })} />
        <Numbered label="Task" value={task} onSet={(value) => set({ task: value })} />
        <Select
          label="Who caused it"
          value={actor ?? ''}
          options={[['', 'anybody'], ...(team ?? []).map(({ id, name }) => [id, name] as const), ['team6', 'the engine'], ...other(actor, team?.map(({ id }) => id))]}
          onChoose={(value) => set({ actor: value || undefined })}
        />
        <Text type="date" label="From this day" value={day(since)} onChange={({ target }) => set({ since: time(target.value) })} />
        <Text type="date" label="To this day" value={day(until === undefined ? undefined : until - 1)} onChange={({ target }) => set({ until: end(target.value) })} />
        <label className="flex items-center gap-1.5 text-muted max-desk:min-h-11">
          <input type="checkbox" checked={signs ?? false} onChange={({ target }) => set({ signs: target.checked || undefined })} className="size-4 accent-(--accent)" />
          signs of life
        </label>
      </Filters>
      {list.error ? (
        <div className="p-4">
          <ProblemNote error={list.error} />
        </div>
      ) : !list.isSuccess ? (
        <SkeletonRows rows={14} label="Loading the log" />
      ) : events.length === 0 && !list.hasNextPage ? (
        <Empty
          title="Nothing of this kind happened"
          command="team6 events"
          action={
            <Link to="/audit" search={{}} className={buttonClass('plain')}>
              Show everything
            </Link>
          }
        />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          <ol aria-label="Events">
            {events.map((each) => (
              <Row key={each.position} event={each} chosen={each.position === event} onChoose={choose} />
            ))}
          </ol>
          {list.hasNextPage && (
            <div className="p-4">
              <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {list.isFetchingNextPage ? 'Looking further back' : 'Further back'}
              </Button>
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

function Numbered({ label, value, onSet }: { label: string; value: number | undefined; onSet: (value: number | undefined) => void }) {
  return (
    <Text
      inputMode="numeric"
      label={label}
      placeholder={label.toLowerCase()}
      value={value ?? ''}
      onChange={({ target }) => onSet(/^\d+$/.test(target.value) && Number(target.value) > 0 ? Number(target.value) : undefined)}
      className="w-16 font-mono"
    />
  );
}

function Row({ event, chosen, onChoose }: { event: LogEvent; chosen: boolean; onChoose: (position: number) => void }) {
  return (
    <li>
      <button
        type="button"
        aria-current={chosen || undefined}
        onClick={() => onChoose(event.position)}
        className="flex min-h-(--trace-row) w-full items-baseline gap-3 px-4 py-0.5 text-left text-dense hover:bg-hover aria-[current]:bg-hover max-desk:flex-wrap max-desk:gap-y-0 max-desk:border-b max-desk:border-line max-desk:py-1.5"
      >
        <span className="w-36 shrink-0 font-mono text-faint">{at(event.at)}</span>
        <span className="w-24 shrink-0 truncate">{event.actor}</span>
        <span className="w-20 shrink-0 truncate font-mono text-muted">{event.stream}</span>
        <span className="w-44 shrink-0 truncate font-medium max-desk:w-auto">{kindIn(event.kind)}</span>
        <span className="min-w-0 flex-1 truncate text-muted max-desk:basis-full">{about(event)}</span>
      </button>
    </li>
  );
}

function OneEvent({ event }: { event: LogEvent }) {
  const sprint = sprintOf(event);
  const task = taskOf(event);
  return (
    <div className="flex flex-col gap-4 p-4">
      <Facts
        facts={[
          ['When', full(event.at)],
          ['Who', event.actor],
          ['Stream', <span className="font-mono">{event.stream}, version {event.version}</span>],
          ['Position', <span className="font-mono">{event.position}</span>],
          ...(event.project ? [['Project', event.project] as const] : []),
        ]}
      />
      <p className="flex flex-wrap gap-x-4">
        {task !== null && (
          <Link to="/tasks/$task" params={{ task }} className={LINK}>
            T-{task}
          </Link>
        )}
        {sprint !== null && (
          <Link to="/sprints/$sprint" params={{ sprint }} className={LINK}>
            S-{sprint} now
          </Link>
        )}
        {sprint !== null && (
          <Link to="/sprints/$sprint/replay" params={{ sprint }} search={{ at: event.version }} className={LINK}>
            S-{sprint} as of this event
          </Link>
        )}
      </p>
      <pre tabIndex={0} aria-label="All that is on record" className="max-h-[60vh] overflow-auto bg-sunken p-2 font-mono text-meta wrap-anywhere whitespace-pre-wrap">
        {straight(JSON.stringify(event.data, null, 2).slice(0, 40_000))}
      </pre>
    </div>
  );
}

function at(time: number): string {
  return new Date(time).toLocaleString('sv', { dateStyle: 'short', timeStyle: 'medium' });
}

/** Days are those of whoever looks. */
function day(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toLocaleDateString('sv');
}

function time(day: string): number | undefined {
  const at = Date.parse(`${day}T00:00:00`);
  return Number.isNaN(at) ? undefined : at;
}

function end(day: string): number | undefined {
  const begin = time(day);
  if (begin === undefined) return undefined;
  const next = new Date(begin);
  next.setDate(next.getDate() + 1);
  return next.getTime();
}

/** Whoever is asked for by the address and is none of the people, such as an agent. */
function other(actor: string | undefined, known: readonly string[] = []): readonly string[] {
  return actor === undefined || actor === 'team6' || known.includes(actor) ? [] : [actor];
}
