import { useQuery } from '@tanstack/react-query';
import { setSprintBudget } from '../api/generated/team6';
import type { SprintId } from '../api/generated/team6.schemas';
import { sprint } from '../api/queries';
import { BudgetOf } from './BudgetOf';

/** What all tasks of a sprint may spend together, its planning among them. */
export function SprintBudget({ sprint: id }: { sprint: SprintId }) {
  const { data } = useQuery(sprint(id));
  if (!data?.spending) return null;
  return (
    <BudgetOf
      name={`Budget of S-${id}`}
      spending={data.spending}
      whose={`All that is done for ${data.sprint.title}`}
      set={(budget, options) => setSprintBudget(id, budget, options)}
    />
  );
}
