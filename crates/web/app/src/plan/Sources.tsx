// The files of the code base that a plan was made of, beside what it says.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { shown } from '../review/names';
import { LINK } from '../ui/Part';
import { planSources } from './queries';

export function Sources({ detail }: { detail: SprintDetail }) {
  const attempts = detail.attempts.filter(({ started_at }) => started_at != null).map(({ id }) => id);
  const { data, error } = useQuery(planSources(detail.sprint.id, attempts, detail.plan?.version ?? 0));
  if (error) return <p className="text-dense text-faint">Which files were read for it is not known: {error.message}</p>;
  if (!data || data.length === 0) return null;
  return (
    <section aria-label="Sources" className="mt-6 border-t border-line pt-3">
      <h2 className="text-dense text-faint">Read in the code for it</h2>
      <ul className="mt-1 font-mono text-dense">
        {data.map(({ path, attempt, seq }) => (
          <li key={path} className="break-all">
            <Link to="/plan/$sprint/$step" params={{ sprint: detail.sprint.id, step: 'goal' }} search={{ attempt, entry: seq }} className={LINK}>
              {shown(path)}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
