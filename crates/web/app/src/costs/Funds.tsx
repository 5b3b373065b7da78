// The budgets that all sprints of a project share, if it has some.
import { useQuery } from '@tanstack/react-query';
import type { Spending } from '../api/generated/team6.schemas';
import { BOUNDS } from '../ui/money';
import { funds } from './queries';

export function Funds({ project }: { project: string }) {
  const { data } = useQuery(funds(project));
  const isLimited = [data?.project, data?.day].some((spending) => BOUNDS.some(({ field }) => spending?.budget[field] != null));
  if (!data || !isLimited) return null;
  return (
    <section aria-label={`Budgets of ${project}`} className="border-b border-line bg-sunken px-4 py-2 text-dense">
      <h2 className="font-semibold">{project}</h2>
      <Line name="In all" spending={data.project} />
      <Line name="Today" spending={data.day} />
      <p className="text-faint">
        Others are set with <code className="font-mono">team6 project budget {project}</code>
      </p>
    </section>
  );
}

function Line({ name, spending: { budget, spent, reserved } }: { name: string; spending: Spending }) {
  const parts = BOUNDS.flatMap(({ field, say }) => {
    const limit = budget[field];
    if (limit == null) return [];
    const left = Math.max(0, limit - spent[field] - reserved[field]);
    return [`${say(spent[field])} spent and ${say(reserved[field])} held of ${say(limit)}, ${say(left)} left`];
  });
  if (parts.length === 0) return null;
  return (
    <p>
      <span className="inline-block w-16 text-muted">{name}</span> <span className="font-mono">{parts.join('; ')}</span>
    </p>
  );
}
