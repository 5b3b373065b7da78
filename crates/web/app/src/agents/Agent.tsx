// One agent: how it is started, what it works on, and whether it can be worked with, tried out here and now.
import { Link } from '@tanstack/react-router';
import { checkAgent } from '../api/generated/team6';
import type { AgentItem, AgentReport, WorkItem } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Facts, LINK } from '../ui/Part';
import { StatusMark } from '../ui/StatusMark';
import { Writes } from '../wait/Writes';
import { told } from '../work/states';

export function Agent({ agent, work }: { agent: AgentItem; work: readonly WorkItem[] }) {
  return (
    <div className="flex flex-col gap-4 p-4">
      <Facts
        facts={[
          ['Name', <code className="font-mono">{agent.id}</code>],
          ['Is for', agent.role === 'planner' ? 'planning' : 'tasks'],
          ['Good at', agent.specialties.length === 0 ? 'any field' : agent.specialties.join(', ')],
          ['Program', <code className="font-mono">{agent.program}</code>],
          ['Model', agent.model ?? 'its own choice'],
        ]}
      />
      {!agent.installed && (
        <p className="border-l border-line-strong pl-3 wrap-anywhere text-muted">
          Its program is not on the server's machine.{' '}
          {agent.install ? <code className="font-mono text-fg">{agent.install}</code> : 'Install it, and it can be given work at once.'}
        </p>
      )}
      <section aria-label="Works on now">
        <h3 className="text-dense text-faint">Works on now</h3>
        {work.length === 0 ? (
          <p className="text-muted">Nothing.</p>
        ) : (
          <ul>
            {work.map((item) => (
              <li key={item.attempt} className="flex min-h-7 items-center gap-2">
                <StatusMark status={told(item).status} label={told(item).text} size={12} />
                {item.task == null ? (
                  <Link to="/sprints/$sprint" params={{ sprint: item.sprint }} className={LINK}>
                    The plan of S-{item.sprint}
                  </Link>
                ) : (
                  <Link to="/tasks/$task" params={{ task: item.task }} search={{ attempt: item.attempt }} className={LINK}>
                    T-{item.task} {item.title}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        )}
      </section>
      {agent.gateways.length > 0 && (
        <section aria-label="Asks through the engine">
          <h3 className="text-dense text-faint">Asks through the engine, which keeps the credential</h3>
          <ul className="text-dense">
            {agent.gateways.map(({ upstream, secret, header }) => (
              <li key={upstream} className="font-mono wrap-anywhere text-muted">
                {upstream}, {header} from {secret}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Check agent={agent} />
    </div>
  );
}

function Check({ agent }: { agent: AgentItem }) {
  const check = useCommand({ run: (_: void, options) => checkAgent(agent.id, options) });
  const report = check.data as AgentReport | undefined;
  return (
    <section aria-label="Whether it works" className="flex flex-col gap-2 border-t border-line pt-4">
      <div className="flex items-center gap-3">
        <Writes>
          <Button disabled={check.isPending} onClick={() => check.mutate()}>
            {check.isPending ? 'Trying it out' : 'Check that it can start'}
          </Button>
        </Writes>
        <span role="status" className="flex items-center gap-1.5">
          {report && !check.isPending && (
            <>
              <StatusMark status={report.works ? 'done' : 'failed'} />
              {report.works ? 'It can be given work' : 'It cannot be given work'}
            </>
          )}
        </span>
      </div>
      <p className="text-dense text-muted">Starts it, opens a session and ends it again. Nothing is said to its model.</p>
      {report && (
        <pre tabIndex={0} aria-label="What was found" className="max-h-80 overflow-auto bg-sunken p-2 font-mono text-meta wrap-anywhere whitespace-pre-wrap">
          {report.text}
        </pre>
      )}
    </section>
  );
}
