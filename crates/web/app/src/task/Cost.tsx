// What a task may spend, what it has, and which attempt spent it.
import { Link } from '@tanstack/react-router';
import { setTaskBudget } from '../api/generated/team6';
import type { AttemptItem, TaskDetail } from '../api/generated/team6.schemas';
import { BudgetOf } from '../budget/BudgetOf';
import { Stopwatch } from '../ui/Age';
import { Empty } from '../ui/Empty';
import { dollars, tokens } from '../ui/money';
import { stopwatch } from '../ui/time';
import { ToPlan } from './ToPlan';
import { outcomeOf } from './attempt';

export function Cost({ detail }: { detail: TaskDetail }) {
  const { task, attempts, spending } = detail;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      {spending && (
        <BudgetOf
          spending={spending}
          whose="The task and all below it"
          set={(budget, options) => setTaskBudget(task.id, budget, options)}
        />
      )}
      {attempts.length === 0 ? (
        <Empty title="Nothing was spent yet" command={`team6 task budget ${task.id}`} action={<ToPlan task={task.id} />}>
          What each attempt reads, writes and costs comes here.
        </Empty>
      ) : (
        <div tabIndex={0} role="region" aria-label="Cost by attempt" className="overflow-x-auto">
          <table className="w-full min-w-[560px]">
            <thead>
              <tr className="border-b border-line text-left text-dense text-faint *:px-4 *:py-1 *:font-normal">
                <th>Attempt</th>
                <th>Agent</th>
                <th>Ended</th>
                <th className="text-right">Read</th>
                <th className="text-right">Written</th>
                <th className="text-right">Time</th>
                <th className="text-right">Cost</th>
              </tr>
            </thead>
            <tbody>
              {[...attempts].reverse().map((attempt) => (
                <Row key={attempt.id} task={task.id} attempt={attempt} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ task, attempt }: { task: number; attempt: AttemptItem }) {
  const { id, agent, usage, started_at: started, ended_at: ended } = attempt;
  return (
    <tr className="h-(--row) border-b border-line *:px-4">
      <td>
        <Link to="/tasks/$task" params={{ task }} search={{ attempt: id }} className="font-mono underline decoration-line-strong underline-offset-4 max-desk:inline-flex max-desk:min-h-11 max-desk:items-center">
          {id}
        </Link>
      </td>
      <td className="font-mono text-muted">{agent}</td>
      <td className="text-muted">{outcomeOf(attempt).text}</td>
      <td className="text-right font-mono">{tokens(usage.input_tokens)}</td>
      <td className="text-right font-mono">{tokens(usage.output_tokens)}</td>
      <td className="text-right font-mono">
        {started == null ? '' : ended == null ? <Stopwatch since={started} /> : stopwatch(ended - started)}
      </td>
      <td className="text-right font-mono">{dollars(usage.cost_micros)}</td>
    </tr>
  );
}
