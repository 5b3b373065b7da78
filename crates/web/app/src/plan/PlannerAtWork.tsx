// What the planning agent does, live, and what it did before.
import { getRouteApi } from '@tanstack/react-router';
import type { AttemptItem, SprintDetail } from '../api/generated/team6.schemas';
import { Inspector } from '../shell/Inspector';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { AttemptNumbers } from '../task/AttemptNumbers';
import { outcomeOf } from '../task/attempt';
import { EntryView } from '../task/trace/EntryView';
import { Trace } from '../task/trace/Trace';
import { useTrace } from '../task/trace/useTrace';

const route = getRouteApi('/shell/plan/$sprint/$step');

export function PlannerAtWork({ detail }: { detail: SprintDetail }) {
  const { attempt } = route.useSearch();
  const begun = detail.attempts.filter(({ started_at }) => started_at != null);
  const shown = begun.find(({ id }) => id === attempt) ?? begun.at(-1);
  if (!shown)
    return (
      <p className="px-4 py-3 text-muted">
        {detail.sprint.why?.text ?? 'No agent has worked on the plan yet.'}
      </p>
    );
  return <Work key={shown.id} shown={shown} begun={begun} detail={detail} />;
}

function ended(attempt: AttemptItem): string {
  return attempt.outcome?.outcome === 'failed' || attempt.outcome?.outcome === 'held' ? outcomeOf(attempt).text : 'has ended its turn';
}

interface WorkProps {
  shown: AttemptItem;
  /** All that have begun. */
  begun: readonly AttemptItem[];
  detail: SprintDetail;
}

function Work({ shown, begun, detail }: WorkProps) {
  const { entry } = route.useSearch();
  const navigate = route.useNavigate();
  const { log, ready, failed, toEnd } = useTrace(shown.id, entry ?? null);
  const choose = (seq: number | undefined) => void navigate({ search: (now) => ({ ...now, entry: seq }), replace: true });
  const isAtWork = shown === begun.at(-1) && detail.running;
  const row = entry === undefined ? undefined : log.rows[log.placeOf(entry)];
  return (
    <section aria-label="The planning agent" className="flex min-h-48 flex-1 border-t border-line">
      <div className="flex min-w-0 flex-1 flex-col">
      <h2 className="flex h-8 shrink-0 items-center gap-2 border-b border-line px-4 text-dense text-muted">
        {isAtWork && <span aria-hidden className="live-dot size-2 rounded-full bg-st-progress" />}
        <span className="font-mono">{detail.planner}</span>
        <span className="truncate">{isAtWork ? (isAtWork.progress ?? 'is at work') : ended(shown)}</span>
        {begun.length > 1 && <AttemptNumbers of={begun} shown={shown.id} className="ml-auto shrink-0" />}
      </h2>
      {failed !== null ? (
        <div className="p-4">
          <ProblemNote error={failed} />
        </div>
      ) : ready || log.rows.length > 0 ? (
        <Trace
          log={log}
          filter="all"
          search=""
          chosen={entry ?? null}
          onChoose={choose}
          onEnd={() => {
            choose(undefined);
            toEnd();
          }}
        />
      ) : (
        <div className="min-h-0 flex-1 overflow-hidden">
          <SkeletonRows rows={6} label="Loading the activity" />
        </div>
      )}
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
          <EntryView row={row} />
        </Inspector>
      )}
    </section>
  );
}
