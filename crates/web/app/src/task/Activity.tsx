// What the agent of a task does, live, with a word to it docked below.
import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import type { AttemptItem, TaskDetail } from '../api/generated/team6.schemas';
import { FILTERS, type Filter } from '../addresses';
import { Inspector } from '../shell/Inspector';
import { usePageKeys } from '../shell/keys';
import { Empty } from '../ui/Empty';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { AttemptNumbers } from './AttemptNumbers';
import { Composer } from './Composer';
import { ToPlan } from './ToPlan';
import { EntryView } from './trace/EntryView';
import { Trace } from './trace/Trace';
import { useTrace } from './trace/useTrace';

const route = getRouteApi('/shell/tasks/$task');

interface Props {
  detail: TaskDetail;
  attempt: string | undefined;
  entry: number | null;
}

export function Activity({ detail, attempt, entry }: Props) {
  const newest = detail.attempts.at(-1);
  const shown = detail.attempts.find(({ id }) => id === attempt) ?? newest;
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        {shown ? (
          <Shown key={shown.id} detail={detail} shown={shown} entry={entry} composer={<Composer detail={detail} />} />
        ) : (
          <div className="min-h-0 flex-1 overflow-y-auto">
            <Empty
              title="No agent has worked on it yet"
              command={`team6 task log ${detail.task.id} --follow`}
              action={<ToPlan task={detail.task.id} />}
            >
              {detail.task.why?.text}
            </Empty>
          </div>
        )}
      </div>
    </div>
  );
}

interface ShownProps {
  detail: TaskDetail;
  shown: AttemptItem;
  entry: number | null;
  composer: ReactNode;
}

function Shown({ detail, shown, entry, composer }: ShownProps) {
  const { attempts } = detail;
  const navigate = route.useNavigate();
  const { show: filter = 'all', q = '' } = route.useSearch();
  // The address follows what is typed, and not the other way round.
  const [search, setSearch] = useState(q);
  const searchField = useRef<HTMLInputElement>(null);
  const { log, ready, failed, toEnd } = useTrace(shown.id, entry);
  usePageKeys({ '/': () => searchField.current?.focus() });
  const choose = (seq: number | undefined) =>
    void navigate({ search: (now) => ({ ...now, entry: seq }), replace: true });
  const setFilter = (filter: Filter) =>
    void navigate({ search: (now) => ({ ...now, show: filter === 'all' ? undefined : filter }), replace: true });
  const searchFor = (words: string) => {
    setSearch(words);
    void navigate({ search: (now) => ({ ...now, q: words || undefined }), replace: true });
  };
  const row = entry === null ? undefined : log.rows[log.placeOf(entry)];
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1 text-dense">
          <AttemptNumbers of={attempts} shown={shown.id} />
          <label className="flex items-center gap-1.5 text-muted">
            <span className="sr-only">Show</span>
            <select
              value={filter}
              onChange={(event) => setFilter(event.target.value as Filter)}
              className="h-6 rounded-sm border border-line bg-canvas px-1 text-fg pointer-coarse:h-11"
            >
              {FILTERS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <input
            ref={searchField}
            type="search"
            aria-label="Search the activity"
            placeholder="Search"
            value={search}
            onChange={(event) => searchFor(event.target.value)}
            className="h-6 w-40 rounded-sm border border-line bg-canvas px-1.5 placeholder:text-faint max-desk:w-24 max-desk:flex-1 pointer-coarse:h-11"
          />
          <span className="ml-auto font-mono text-faint" data-testid="last-entry">
            {log.total > 0 ? `${log.total} entries` : ''}
          </span>
        </div>
        {failed !== null ? (
          <div className="p-4">
            <ProblemNote error={failed} />
          </div>
        ) : ready || log.rows.length > 0 ? (
          <Trace
            log={log}
            filter={filter}
            search={search}
            chosen={entry}
            onChoose={choose}
            onEnd={() => {
              choose(undefined);
              toEnd();
            }}
          />
        ) : (
          <div className="min-h-0 flex-1 overflow-hidden">
            <SkeletonRows rows={12} label="Loading the activity" />
          </div>
        )}
        {composer}
      </div>
      {row && (
        <Inspector
          label="Entry"
          title={
            <h2 className="truncate font-semibold">
              {row.verb} <span className="font-mono text-dense font-normal text-faint">#{row.seq}</span>
            </h2>
          }
          onClose={() => choose(undefined)}
        >
          <EntryView row={row} detail={detail} />
        </Inspector>
      )}
    </div>
  );
}
