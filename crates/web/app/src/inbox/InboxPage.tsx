// The home of the app: everything that waits for a person, longest waiting first, solved right here.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { inbox, me } from '../api/queries';
import type { InboxEntry } from '../api/generated/team6.schemas';
import { Inspector } from '../shell/Inspector';
import { OtherProjects } from '../shell/OtherProjects';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { Age } from '../ui/Age';
import { Empty } from '../ui/Empty';
import { LINK } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { Solve } from '../wait/Solve';
import { reviewOf, useUnsent } from '../wait/unsent';
import { kindOf } from '../wait/kinds';
import { nextOf } from './next';

const route = getRouteApi('/shell/inbox');

export function InboxPage() {
  const { item, whose, project } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: mine } = useQuery(me);
  const person = whose === 'everyone' ? null : (mine?.person.id ?? null);
  const { data: all, error } = useQuery({ ...inbox(person), enabled: mine !== undefined });
  // What the address names is there, whichever project is looked at.
  const entries = project === undefined ? all : all?.filter((entry) => entry.project === project || entry.key === item);
  const choose = (key: string | undefined) =>
    void navigate({ search: (search) => ({ ...search, item: key }), replace: item !== undefined });

  // While somebody writes a review, its task may be brought up to date, and waits for nobody meanwhile: the form stays.
  const last = useRef<InboxEntry | undefined>(undefined);
  const found = entries?.find((entry) => entry.key === item);
  if (found) last.current = found;
  const words = useUnsent(reviewOf(last.current?.task ?? 0));
  const isWriting = last.current?.key === item && words.trim() !== '';
  const chosen = found ?? (isWriting ? last.current : undefined);
  // When what was chosen is solved, the one that takes its place is next.
  const place = useRef(0);
  const at = entries?.findIndex((entry) => entry.key === item) ?? -1;
  if (at >= 0) place.current = at;
  useEffect(() => {
    if (item === undefined || entries === undefined || chosen) return;
    choose(nextOf(entries, place.current)?.key);
  });

  const step = (by: number) => {
    if (!entries?.length) return;
    choose(entries[Math.max(0, Math.min(entries.length - 1, at < 0 ? 0 : at + by))]?.key);
  };
  usePageKeys({ j: () => step(1), k: () => step(-1), o: () => step(0) });

  return (
    <Page
      name={entries?.length ? `Inbox (${entries.length})` : 'Inbox'}
      title={
        <h1 className="text-head font-semibold">
          Waiting for {whose === 'everyone' ? 'everyone' : 'you'}
          {entries !== undefined && <span className="ml-2 font-mono font-normal text-faint">{entries.length}</span>}
        </h1>
      }
      actions={
        <>
          <OtherProjects count={(all?.length ?? 0) - (entries?.length ?? 0)} />
          <Link
            from="/inbox"
            search={whose === 'everyone' ? {} : { whose: 'everyone' }}
            className="flex items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11"
          >
            {whose === 'everyone' ? 'Only mine' : 'Everyone’s'}
          </Link>
        </>
      }
      inspector={
        chosen && (
          <Inspector label="What waits" title={<Title entry={chosen} />} onClose={() => choose(undefined)}>
            <div className="p-4">
              <Solve key={chosen.key} sprint={chosen.sprint} task={chosen.task ?? null} why={chosen.why} />
            </div>
          </Inspector>
        )
      }
    >
      {error ? (
        <div className="p-4">
          <ProblemNote error={error} />
        </div>
      ) : entries === undefined ? (
        <SkeletonRows rows={8} label="Loading the inbox" />
      ) : entries.length === 0 ? (
        <Nothing everyone={whose === 'everyone'} />
      ) : (
        <ul className="min-h-0 flex-1 overflow-y-auto" aria-label="What waits">
          {entries.map((entry) => (
            <Row key={entry.key} entry={entry} chosen={entry.key === item} onChoose={choose} named={person === null} />
          ))}
        </ul>
      )}
    </Page>
  );
}

interface RowProps {
  entry: InboxEntry;
  chosen: boolean;
  /** Whether it says for whom it waits. */
  named: boolean;
  onChoose: (key: string) => void;
}

function Row({ entry, chosen, named, onChoose }: RowProps) {
  const kind = kindOf(entry.kind);
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <li className="border-b border-line">
      <button
        ref={row}
        type="button"
        aria-current={chosen || undefined}
        onClick={() => onChoose(entry.key)}
        className="flex min-h-(--row) w-full items-center gap-3 px-4 text-left hover:bg-hover aria-[current]:bg-hover max-desk:py-1.5"
      >
        <StatusMark status={kind.status} />
        <span className="w-16 shrink-0 text-dense text-muted">{kind.wanted}</span>
        <span className="flex min-w-0 flex-1 items-baseline gap-x-3 max-desk:flex-col">
          <span className="flex max-w-full min-w-0 shrink-0 items-baseline gap-2 desk:max-w-[50%]">
            <span className="shrink-0 font-mono text-dense text-faint">
              {entry.task == null ? `S-${entry.sprint}` : `T-${entry.task}`}
            </span>
            <span className="truncate font-medium">{entry.title}</span>
          </span>
          <span className="max-w-full min-w-0 truncate text-muted">{entry.why.text}</span>
        </span>
        {named && <span className="shrink-0 text-dense text-muted">{entry.person}</span>}
        <Age since={entry.why.since} className="w-12 shrink-0 text-right font-mono text-dense text-faint" />
      </button>
    </li>
  );
}

const TITLE = 'hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center';

function Title({ entry }: { entry: InboxEntry }) {
  const name = (
    <>
      <span className="mr-2 font-mono text-dense font-normal text-faint">
        {entry.task == null ? `S-${entry.sprint}` : `T-${entry.task}`}
      </span>
      {entry.title}
    </>
  );
  return (
    <h2 className="truncate font-semibold">
      {entry.task == null ? (
        <Link to="/sprints/$sprint" params={{ sprint: entry.sprint }} className={TITLE}>
          {name}
        </Link>
      ) : (
        <Link to="/tasks/$task" params={{ task: entry.task }} className={TITLE}>
          {name}
        </Link>
      )}
    </h2>
  );
}

function Nothing({ everyone }: { everyone: boolean }) {
  return (
    <Empty
      title={everyone ? 'Nothing waits for anybody' : 'Nothing waits for you'}
      command={everyone ? 'team6 inbox --all' : 'team6 inbox'}
      action={
        <Link to="/sprints" className={LINK}>
          See what runs
        </Link>
      }
    >
      Questions of agents, plans to approve, work to review and whatever failed come here by themselves.
    </Empty>
  );
}
