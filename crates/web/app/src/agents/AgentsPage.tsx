// The agents: what each is good at, whether it can start, and what it works on now.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { AgentItem, WorkItem } from '../api/generated/team6.schemas';
import { Inspector } from '../shell/Inspector';
import { Page } from '../shell/Page';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { useChosen } from '../ui/useChosen';
import { agents, work } from '../work/queries';
import { Agent } from './Agent';

const route = getRouteApi('/shell/agents');

export function AgentsPage() {
  const { agent: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: all } = useQuery(agents);
  const { data: now } = useQuery(work);
  // Those that can be given work come first.
  const ordered = [...(all ?? [])].sort((a, b) => Number(b.installed) - Number(a.installed));
  const choose = (agent: string | undefined) => void navigate({ search: agent ? { agent } : {}, replace: chosen !== undefined });
  useChosen(
    ordered.map(({ id }) => id),
    chosen,
    choose,
  );
  const shown = ordered.find(({ id }) => id === chosen);
  const of = (id: string) => (now ?? []).filter(({ agent }) => agent === id);
  return (
    <Page
      name="Agents"
      title={
        <h1 className="text-head font-semibold">
          Agents <span className="ml-1 font-mono font-normal text-faint">{all ? ordered.filter(({ installed }) => installed).length : ''}</span>
        </h1>
      }
      inspector={
        shown && (
          <Inspector label="Agent" title={<h2 className="truncate font-semibold">{shown.title}</h2>} onClose={() => choose(undefined)}>
            <Agent key={shown.id} agent={shown} work={of(shown.id)} />
          </Inspector>
        )
      }
    >
      {!all || !now ? (
        <SkeletonRows rows={8} label="Loading the agents" />
      ) : ordered.length === 0 ? (
        <Empty
          title="There is no agent"
          command="team6 agent list"
          action={
            <Link to="/settings" search={{ q: 'agents' }} className={buttonClass('plain')}>
              See how agents are set
            </Link>
          }
        >
          An agent is a program that speaks the Agent Client Protocol. Install one that Team6 knows, or describe your own in a file
          of the agents folder.
        </Empty>
      ) : (
        <ul aria-label="Agents" className="min-h-0 flex-1 overflow-y-auto">
          {ordered.map((agent) => (
            <Row key={agent.id} agent={agent} work={of(agent.id)} chosen={agent.id === chosen} onChoose={choose} />
          ))}
        </ul>
      )}
    </Page>
  );
}

interface RowProps {
  agent: AgentItem;
  work: readonly WorkItem[];
  chosen: boolean;
  onChoose: (agent: string) => void;
}

function Row({ agent, work, chosen, onChoose }: RowProps) {
  const busy = work.filter(({ started_at }) => started_at != null);
  return (
    <li className="border-b border-line">
      <button
        type="button"
        aria-current={chosen || undefined}
        onClick={() => onChoose(agent.id)}
        className="flex min-h-12 w-full items-center gap-3 px-4 py-1.5 text-left hover:bg-hover aria-[current]:bg-hover"
      >
        <StatusMark status={busy.length > 0 ? 'progress' : agent.installed ? 'assigned' : 'cancelled'} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className={`truncate font-medium ${agent.installed ? '' : 'text-muted'}`}>{agent.title}</span>
            <span className="shrink-0 font-mono text-dense text-faint">{agent.id}</span>
            <span className="shrink-0 text-dense text-muted">{agent.role}</span>
          </span>
          <span className="block truncate text-dense text-muted">{agent.specialties.length === 0 ? 'any field' : agent.specialties.join(', ')}</span>
        </span>
        <span className="w-40 shrink-0 truncate font-mono text-dense text-faint max-wide:hidden">{agent.model ?? ''}</span>
        <span className="w-28 shrink-0 text-right text-dense text-muted">
          {busy.length > 0 ? `works on ${busy.length}` : agent.installed ? 'free' : 'not installed'}
        </span>
      </button>
    </li>
  );
}
