// How many tasks are in which state. Each number leads to the tasks that it counts.
import { Link } from '@tanstack/react-router';
import type { Counts, SprintId } from '../api/generated/team6.schemas';
import type { SprintSearch } from '../addresses';
import { StatusMark } from '../ui/StatusMark';
import { GROUPS, GROUP_NAME, GROUP_STATUS } from '../ui/status';

interface Props {
  sprint: SprintId;
  counts: Counts;
  /** What the address of the sprint says now, if it is the page that is shown. */
  now?: SprintSearch;
  /** Whether the words stand beside the numbers. */
  words?: boolean;
}

export function CountLinks({ sprint, counts, now = {}, words = false }: Props) {
  // The group that is shown alone leads back to all.
  const shown = now.show;
  return (
    <ul aria-label="Tasks by state" className="flex flex-wrap items-center gap-x-1">
      {GROUPS.filter((group) => counts[group] > 0 || group === shown).map((group) => (
        <li key={group}>
          <Link
            to="/sprints/$sprint"
            params={{ sprint }}
            search={group === shown ? { ...now, show: undefined } : { ...now, view: now.view ?? 'list', show: group }}
            aria-current={group === shown || undefined}
            title={GROUP_NAME[group]}
            className="flex h-6 items-center gap-1 rounded-sm px-1 text-dense text-muted hover:bg-hover hover:text-fg aria-[current]:bg-hover aria-[current]:text-fg max-desk:h-11 max-desk:px-1.5"
          >
            <StatusMark status={GROUP_STATUS[group]} size={12} />
            <span className="font-mono">{counts[group]}</span>{' '}
            <span className={words ? 'max-desk:sr-only' : 'sr-only'}>{GROUP_NAME[group]}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
