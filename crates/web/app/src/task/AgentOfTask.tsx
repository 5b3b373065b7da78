// Which agent works on a task and why. Its owner may know better: another one works from the next attempt on.
import { useQuery } from '@tanstack/react-query';
import { chooseAgent } from '../api/generated/team6';
import type { TaskDetail } from '../api/generated/team6.schemas';
import { sprint } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Select } from '../ui/Field';
import { isEnded } from '../ui/status';
import { Writes } from '../wait/Writes';
import { agents } from '../work/queries';

export function AgentOfTask({ detail: { task, agent } }: { detail: TaskDetail }) {
  const { data: known } = useQuery(agents);
  const { data: of } = useQuery(sprint(task.sprint));
  const choose = useCommand({
    run: (wanted: string, options) => chooseAgent(task.id, { agent: wanted }, options),
    done: (wanted) => `${wanted} works on it from the next attempt on`,
    ...(agent ? { undo: () => choose.mutate(agent.agent) } : {}),
  });
  // Once approved, only those that were there at the approval may work on it.
  const roster = of?.agents.length ? of.agents.map(({ id }) => id) : (known ?? []).filter(({ installed, role }) => installed && role !== 'planner').map(({ id }) => id);
  const offered = [...new Set([...(agent ? [agent.agent] : []), ...roster])];
  return (
    <section aria-label="Agent">
      <h2 className="text-dense text-faint">Agent</h2>
      <p className="break-words">{agent ? `${agent.agent}: ${agent.reason}` : 'The engine picks one when the task can begin.'}</p>
      {!isEnded(task.state) && offered.length > (agent ? 1 : 0) && (
        <div className="mt-2 flex">
          <Writes>
            <Select
              label="Agent from the next attempt on"
              value={agent?.agent ?? ''}
              options={[...(agent ? [] : [['', 'whom the engine picks'] as const]), ...offered]}
              onChoose={(wanted) => wanted !== '' && wanted !== agent?.agent && choose.mutate(wanted)}
            />
          </Writes>
        </div>
      )}
    </section>
  );
}
