// The budgets that all sprints of a project share: in all, and in a day.
import { useQuery } from '@tanstack/react-query';
import { setProjectBudget } from '../api/generated/team6';
import { BudgetOf } from '../budget/BudgetOf';
import { BOUNDS } from '../ui/money';
import { funds } from './queries';

const SPANS = [
  { of: 'project', name: 'in all', whose: 'All sprints together, counted from the first limit on' },
  { of: 'day', name: 'in a day', whose: 'All sprints together in a day by UTC, counted from the first limit on' },
] as const;

export function Funds({ project }: { project: string }) {
  const { data, refetch } = useQuery(funds(project));
  const isLimited = SPANS.some(({ of }) => BOUNDS.some(({ field }) => data?.[of].budget[field] != null));
  return (
    <details open={isLimited} className="border-b border-line bg-sunken">
      <summary className="flex min-h-(--row) cursor-pointer items-center gap-2 px-4 text-muted hover:text-fg">
        <span className="font-mono">{project}</span> {data && (isLimited ? 'has budgets' : 'has no budget')}
      </summary>
      {data &&
        SPANS.map(({ of, name, whose }) => (
          <BudgetOf
            key={of}
            name={`Budget of ${project} ${name}`}
            spending={data[of]}
            whose={whose}
            set={(budget, options) => setProjectBudget(project, of, budget, options).finally(() => void refetch())}
          />
        ))}
    </details>
  );
}
