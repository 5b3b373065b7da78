// Where a number of the costs leads: one step further down, until it is the attempts of one task.
import { Link, type LinkProps } from '@tanstack/react-router';
import type { CostItem } from '../api/generated/team6.schemas';
import type { CostsBy, CostsSearch } from '../addresses';

const DAY = 24 * 60 * 60 * 1_000;

export function behind(by: CostsBy, item: CostItem, { project, since, until }: CostsSearch): Pick<LinkProps, 'to' | 'params' | 'search'> {
  const within = { ...(project ? { project } : {}), ...(since ? { since } : {}), ...(until ? { until } : {}) };
  switch (by) {
    case 'sprint':
      return { to: '/costs', search: { ...within, by: 'task', ...(item.sprint ? { sprint: item.sprint } : {}) } };
    case 'task':
      return item.task == null
        ? { to: '/sprints/$sprint', params: { sprint: item.sprint ?? 1 }, search: {} }
        : { to: '/tasks/$task', params: { task: item.task }, search: { tab: 'cost' } };
    case 'agent':
      return { to: '/costs', search: { ...within, by: 'task', agent: item.key } };
    case 'model':
      return { to: '/costs', search: { ...within, by: 'agent' } };
    case 'day': {
      const at = Date.parse(`${item.key}T00:00:00Z`);
      return { to: '/costs', search: { ...(project ? { project } : {}), by: 'task', since: at, until: at + DAY } };
    }
  }
}

/** What costs were added up for, as a link to it. */
export function Subject({ by, item }: { by: CostsBy; item: CostItem }) {
  const looks = 'flex items-baseline gap-2 hover:underline max-desk:min-h-11 max-desk:items-center';
  if (by === 'sprint' && item.sprint != null)
    return (
      <Link to="/sprints/$sprint" params={{ sprint: item.sprint }} className={looks}>
        <span className="shrink-0 font-mono text-dense text-faint">S-{item.sprint}</span>
        <span className="truncate font-medium">{item.title}</span>
      </Link>
    );
  if (by === 'task' && item.task != null)
    return (
      <Link to="/tasks/$task" params={{ task: item.task }} search={{ tab: 'cost' }} className={looks}>
        <span className="shrink-0 font-mono text-dense text-faint">T-{item.task}</span>
        <span className="truncate font-medium">{item.title}</span>
      </Link>
    );
  if (by === 'task' && item.sprint != null)
    return (
      <Link to="/sprints/$sprint" params={{ sprint: item.sprint }} className={looks}>
        <span className="shrink-0 font-mono text-dense text-faint">S-{item.sprint}</span>
        <span className="truncate">The planning</span>
      </Link>
    );
  if (by === 'agent')
    return (
      <Link to="/agents" search={{ agent: item.key }} className={`${looks} font-mono`}>
        {item.key}
      </Link>
    );
  return <span className="font-mono">{by === 'model' && item.key.startsWith('of ') ? `the choice ${item.key}` : item.key}</span>;
}
