// What the graph may bring out over its tasks, each with an address: pressed again, it is put away.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { SprintId } from '../api/generated/team6.schemas';
import type { Over, SprintSearch } from '../addresses';
import { StatusMark } from '../ui/StatusMark';
import { type Merges, countOf } from './merges';

interface Props {
  sprint: SprintId;
  now: SprintSearch;
  /** None unless branches can be open. */
  merges: Merges | undefined;
}

export function OverLinks({ sprint, now, merges }: Props) {
  const conflicts = merges ? countOf(merges) : 0;
  return (
    <ul aria-label="Bring out" className="flex items-center gap-1">
      {(now.view ?? 'graph') === 'graph' && (
        <OverLink sprint={sprint} now={now} over="critical">
          Critical path
        </OverLink>
      )}
      {merges && (
        <OverLink sprint={sprint} now={now} over="merges">
          Merge forecast
          {conflicts > 0 && (
            <span className="flex items-center gap-1">
              <StatusMark status="blocked" size={12} /> <span className="font-mono">{conflicts}</span>
              <span className="sr-only">{conflicts === 1 ? 'conflict' : 'conflicts'}</span>
            </span>
          )}
        </OverLink>
      )}
    </ul>
  );
}

function OverLink({ sprint, now, over, children }: Omit<Props, 'merges'> & { over: Over; children: ReactNode }) {
  const isOn = now.over === over;
  return (
    <li>
      <Link
        to="/sprints/$sprint"
        params={{ sprint }}
        search={{ ...now, over: isOn ? undefined : over, task: undefined }}
        replace
        aria-current={isOn || undefined}
        className="flex h-6 items-center gap-1.5 rounded-sm px-1.5 text-dense text-muted hover:bg-hover hover:text-fg aria-[current]:bg-hover aria-[current]:text-fg max-desk:h-11"
      >
        {children}
      </Link>
    </li>
  );
}
