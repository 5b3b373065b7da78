// A budget does not reach for the next attempt: how much there is, and another limit for it.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { setSprintBudget, setTaskBudget } from '../api/generated/team6';
import type { Budget, BudgetShort, Resource, SprintId } from '../api/generated/team6.schemas';
import { sprint, task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';

/** The field of a budget, and how many of its units make one of what people say. */
const UNITS: Record<Resource, { field: keyof Budget; per: number; name: string }> = {
  tokens: { field: 'tokens', per: 1_000, name: 'thousand tokens' },
  cost: { field: 'cost_micros', per: 1_000_000, name: 'US dollars' },
  time: { field: 'time_ms', per: 60_000, name: 'minutes of agents' },
};

export function RaiseBudget({ sprint: sprintId, short }: { sprint: SprintId; short: BudgetShort }) {
  const { field, per, name } = UNITS[short.resource];
  const taskId = short.of.level === 'task' ? short.of.task : null;
  const { data: ofSprint } = useQuery({ ...sprint(sprintId), enabled: taskId === null });
  const { data: ofTask } = useQuery({ ...task(taskId ?? 0), enabled: taskId !== null });
  const id = useId();
  const [limit, setLimit] = useState(String(Math.ceil((short.limit / per) * 2)));
  const raise = useCommand({
    run: (budget: Budget, options) =>
      taskId === null ? setSprintBudget(sprintId, budget, options) : setTaskBudget(taskId, budget, options),
    done: 'Budget set',
  });
  const before = (ofTask?.spending ?? ofSprint?.spending)?.budget;
  const amount = Number(limit);
  const shown = (units: number) => (units / per).toLocaleString(undefined, { maximumFractionDigits: 2 });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What a budget leaves out is not limited, so its other limits go along.
    raise.mutate({ ...before, [field]: Math.round(amount * per) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="text-muted">
        The {taskId === null ? 'sprint' : `task T-${taskId}`} may use {shown(short.limit)} {name}; {shown(short.spent)} are
        spent, and attempts hold {shown(short.reserved)}.
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
        <Button look="act" type="submit" disabled={raise.isPending || !before || !(amount * per > short.limit)}>
          Set
        </Button>
      </div>
    </form>
  );
}
