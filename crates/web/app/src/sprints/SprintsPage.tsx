// All sprints, newest first, with how each stands and what it waits for.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SprintItem } from '../api/generated/team6.schemas';
import { sprints } from '../api/queries';
import { OtherProjects } from '../shell/OtherProjects';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { CountLinks } from '../sprint/CountLinks';
import { Age } from '../ui/Age';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { StatusMark } from '../ui/StatusMark';
import type { Status } from '../ui/status';

const PHASE: Record<SprintItem['phase'], Status> = {
  planning: 'assigned',
  running: 'progress',
  finished: 'done',
  cancelled: 'cancelled',
};
const OPEN = ['planning', 'running'];

const route = getRouteApi('/shell/sprints');

export function SprintsPage() {
  const { phase, project } = route.useSearch();
  const navigate = useNavigate();
  const { data: known = [] } = useQuery(sprints);
  const all = project === undefined ? known : known.filter((sprint) => sprint.project === project);
  const shown = all.filter((sprint) => (phase === 'closed') === !OPEN.includes(sprint.phase));
  const closed = all.filter((sprint) => !OPEN.includes(sprint.phase)).length;
  const [at, setAt] = useState(0);
  const step = (by: number) => setAt((now) => Math.max(0, Math.min(shown.length - 1, now + by)));
  usePageKeys({
    j: () => step(1),
    k: () => step(-1),
    o: () => {
      const sprint = shown[at];
      if (sprint) void navigate({ to: '/sprints/$sprint', params: { sprint: sprint.id } });
    },
  });
  return (
    <Page
      name="Sprints"
      title={
        <h1 className="text-head font-semibold">
          {phase === 'closed' ? 'Closed sprints' : 'Sprints'}{' '}
          <span className="ml-2 font-mono font-normal text-faint">{shown.length}</span>
        </h1>
      }
      actions={
        <>
          <OtherProjects count={known.length - all.length} />
          {(closed > 0 || phase === 'closed') && (
            <Link
              to="/sprints"
              search={phase === 'closed' ? {} : { phase: 'closed' }}
              className="flex items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11"
            >
              {phase === 'closed' ? 'Open ones' : `${closed} closed`}
            </Link>
          )}
          <Link to="/plan/new" className={buttonClass('act')}>
            Plan a sprint
          </Link>
        </>
      }
    >
      {shown.length === 0 ? (
        <Nothing closed={phase === 'closed'} />
      ) : (
        <ul aria-label="Sprints" className="min-h-0 flex-1 overflow-y-auto">
          {shown.map((sprint, index) => (
            <Row key={sprint.id} sprint={sprint} current={index === at} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ sprint, current }: { sprint: SprintItem; current: boolean }) {
  const { counts } = sprint;
  return (
    <li
      className={`flex min-h-12 items-center gap-3 border-b border-l-2 border-b-line px-4 py-1.5 hover:bg-hover max-desk:flex-wrap max-desk:gap-y-0.5 ${current ? 'border-l-line-strong' : 'border-l-transparent'}`}
    >
      <StatusMark status={sprint.paused ? 'blocked' : PHASE[sprint.phase]} label={sprint.paused ? 'paused' : sprint.phase} />
      <div className="min-w-0 flex-1 max-desk:basis-[calc(100%-40px)]">
        <Link
          to="/sprints/$sprint"
          params={{ sprint: sprint.id }}
          className="flex items-baseline gap-2 max-desk:min-h-11 max-desk:items-center"
        >
          <span className="shrink-0 font-mono text-dense text-faint">S-{sprint.id}</span>
          <span className="truncate font-medium">{sprint.title}</span>
          <span className="shrink-0 text-dense text-muted">{sprint.paused ? 'paused' : sprint.phase}</span>
        </Link>
        <p className="truncate text-dense text-muted">
          {sprint.project}, led by {sprint.lead}
          {sprint.why ? `: ${sprint.why.text}` : ''}
        </p>
      </div>
      {counts.tasks > 0 && (
        <div className="max-desk:ml-5">
          <CountLinks sprint={sprint.id} counts={counts} />
        </div>
      )}
      <Age since={sprint.since} className="w-12 shrink-0 text-right font-mono text-dense text-faint max-desk:ml-auto" />
    </li>
  );
}

function Nothing({ closed }: { closed: boolean }) {
  if (closed) return (
      <Empty
        title="No sprint is closed"
        command="team6 sprint list --all"
        action={
          <Link to="/sprints" search={{}} className={buttonClass('plain')}>
            Show the open ones
          </Link>
        }
      />
    );
  return (
    <Empty
      title="No sprint is open"
      command={'team6 sprint plan PROJECT "What the team wants"'}
      action={
        <Link to="/plan/new" className={buttonClass('plain')}>
          Plan a sprint
        </Link>
      }
    >
      A sprint begins with a goal in plain words. An agent reads the code, asks, and drafts the tasks; nothing runs before
      somebody approves.
    </Empty>
  );
}
