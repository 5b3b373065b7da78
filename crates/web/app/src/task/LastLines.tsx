import { useQuery } from '@tanstack/react-query';
import type { AttemptId } from '../api/generated/team6.schemas';
import { lastEntries } from '../api/queries';
import { Rows } from './trace/rows';

/** The end of what an attempt did, where its failure is told. */
export function LastLines({ attempt }: { attempt: AttemptId }) {
  const { data } = useQuery(lastEntries(attempt, 20));
  const rows = new Rows();
  for (const entry of data ?? []) rows.push(entry);
  return (
    <ol tabIndex={0} aria-label="Last lines" className="max-h-64 min-h-24 overflow-auto bg-sunken px-2 py-1 font-mono text-meta">
      {rows.list.map((row) => (
        <li key={row.seq} className="break-words">
          <span className="text-faint">{row.verb}</span>{' '}
          <span className={row.state === 'failed' ? 'text-st-failed' : 'text-muted'}>
            {row.state === 'failed' && 'failed: '}
            {row.text}
          </span>
        </li>
      ))}
    </ol>
  );
}
