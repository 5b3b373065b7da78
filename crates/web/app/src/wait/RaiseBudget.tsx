// A budget does not reach for the next attempt: how much there is, and another limit for it.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { setProjectBudget, setSprintBudget, setTaskBudget } from '../api/generated/team6';
import type { Budget, BudgetShort, FundsShort, Resource, SprintId } from '../api/generated/team6.schemas';
import { sprint, task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { funds } from '../costs/queries';
import { Button } from '../ui/Button';
import { amountOf } from '../ui/money';
import { full } from '../ui/time';

/** The field of a budget, and how many of its units make one of what people say. */
const UNITS: Record<Resource, { field: keyof Budget; per: number; name: string; option: string }> = {
  tokens: { field: 'tokens', per: 1_000, name: 'thousand tokens', option: '--tokens' },
  cost: { field: 'cost_micros', per: 1_000_000, name: 'US dollars', option: '--cost' },
  time: { field: 'time_ms', per: 60_000, name: 'minutes of agents', option: '--time' },
};

/** The budget of a task, or of its sprint. */
export function RaiseBudget({ sprint: sprintId, short }: { sprint: SprintId; short: BudgetShort }) {
  const taskId = short.of.level === 'task' ? short.of.task : null;
  const { data: ofSprint } = useQuery({ ...sprint(sprintId), enabled: taskId === null });
  const { data: ofTask } = useQuery({ ...task(taskId ?? 0), enabled: taskId !== null });
  return (
    <Raise
      whose={`The ${taskId === null ? 'sprint' : `task T-${taskId}`} may use`}
      short={short}
      before={(taskId === null ? ofSprint : ofTask)?.spending?.budget}
      set={(budget, options) =>
        taskId === null ? setSprintBudget(sprintId, budget, options) : setTaskBudget(taskId, budget, options)
      }
    />
  );
}

/** What all sprints of a project may spend together, in all or in a day. */
export function RaiseFunds({ sprint: sprintId, short }: { sprint: SprintId; short: FundsShort }) {
  const { data: ofSprint } = useQuery(sprint(sprintId));
  const project = ofSprint?.sprint.project ?? '';
  const { data } = useQuery({ ...funds(project), enabled: project !== '' });
  const span = short.until == null ? 'project' : 'day';
  return (
    <Raise
      whose={`${span === 'day' ? 'Today all' : 'All'} sprints of ${project || 'the project'} together may use`}
      short={short}
      before={data?.[span].budget}
      set={(budget, options) => setProjectBudget(project, span, budget, options)}
    >
      {short.until != null && <p className="text-muted">A new day’s budget begins at {full(short.until)}, and it goes on then by itself.</p>}
      <p className="font-mono text-dense text-faint">
        team6 project budget {project}
        {span === 'day' && ' --day'} {UNITS[short.resource].option} LIMIT
      </p>
    </Raise>
  );
}

interface Props {
  /** Whose budget it is, up to how much. */
  whose: string;
  short: Pick<BudgetShort, 'resource' | 'limit' | 'spent' | 'reserved'>;
  /** The budget as it is, once it is known. */
  before: Budget | undefined;
  set: (budget: Budget, options: RequestInit) => Promise<unknown>;
  children?: ReactNode;
}

function Raise({ whose, short, before, set, children }: Props) {
  const { field, per, name } = UNITS[short.resource];
  const id = useId();
  const least = Math.max(short.limit, short.spent + short.reserved);
  const [limit, setLimit] = useState(String(Math.ceil((least * 2) / per)));
  const raise = useCommand({ run: set, done: 'Budget set' });
  const amount = amountOf(limit);
  const isEnough = amount * per > least;
  const shown = (units: number) => (units / per).toLocaleString(undefined, { maximumFractionDigits: 2 });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What a budget leaves out is not limited, so its other limits go along.
    raise.mutate({ ...before, [field]: Math.round(amount * per) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="break-words text-muted">
        {whose} {shown(short.limit)} {name}; {shown(short.spent)} are spent, and attempts hold {shown(short.reserved)}.
      </p>
      <label htmlFor={id} className="text-dense text-muted">
        New limit in {name}
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          inputMode="decimal"
          value={limit}
          onChange={(event) => setLimit(event.target.value)}
          className="h-7 w-32 rounded-md border border-line-strong bg-canvas px-2 font-mono pointer-coarse:h-11"
        />
        <Button look="act" type="submit" disabled={raise.isPending || !before || !isEnough}>
          Set
        </Button>
      </div>
      {!isEnough && (
        <p className="text-st-failed">
          A number above {shown(least)}, so that something is left of it.
        </p>
      )}
      {children}
    </form>
  );
}
