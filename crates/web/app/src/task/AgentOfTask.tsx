// Which agent works on a task and why. Its owner may know better: another one works from the next attempt on.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { chooseAgent } from '../api/generated/team6';
import type { TaskDetail } from '../api/generated/team6.schemas';
import { sprint } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Select } from '../ui/Field';
import { LINK } from '../ui/Part';
import { isEnded } from '../ui/status';
import { Writes } from '../wait/Writes';
import { agents } from '../work/queries';

interface Choice {
  wanted: string;
  before: string;
}

export function AgentOfTask({ detail: { task, agent } }: { detail: TaskDetail }) {
  const { data: known } = useQuery(agents);
  const { data: of } = useQuery(sprint(task.sprint));
  const choose = useCommand({
    run: ({ wanted }: Choice, options) => chooseAgent(task.id, { agent: wanted }, options),
    done: ({ wanted }) => `${wanted} works on it from the next attempt on`,
    undo: ({ wanted, before }) => choose.mutate({ wanted: before, before: wanted }),
  });
  // Once approved, only those that were there at the approval may work on it.
  const roster = of?.agents.length ? of.agents : (known ?? []).filter(({ installed, role }) => installed && role !== 'planner');
  const offered = agent ? [...new Set([agent.agent, ...roster.map(({ id }) => id)])] : [];
  return (
    <section aria-label="Agent">
      <h2 className="text-dense text-faint">Agent</h2>
      <p className="break-words">{agent ? `${agent.agent}: ${agent.reason}` : 'The engine picks one when the task can begin.'}</p>
      {agent && !isEnded(task.state) && offered.length > 1 && (
        <div className="mt-2 flex">
          <Writes>
            <Select
              label="Agent from the next attempt on"
              value={agent.agent}
              options={offered}
              onChoose={(wanted) => wanted !== agent.agent && choose.mutate({ wanted, before: agent.agent })}
            />
          </Writes>
        </div>
      )}
      {agent && of && known && !isEnded(task.state) && offered.length === 1 && (
        <p className="text-muted">
          No other agent may work on it.{' '}
          <Link to="/agents" className={LINK}>
            See what is installed
          </Link>
        </p>
      )}
    </section>
  );
}
