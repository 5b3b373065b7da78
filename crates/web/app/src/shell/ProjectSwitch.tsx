// Narrows the lists down to one project. It stands in the address and goes along from page to page; what else the address
// says is of the one before, and goes. A page of one thing is left for the sprints. Where there is one project only, there
// is nothing to switch.
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { projects } from '../api/queries';

export function ProjectSwitch({ className = '', otherwise }: { className?: string; otherwise?: string }) {
  const { data = [] } = useQuery(projects);
  const { project } = useSearch({ strict: false });
  const isOfOne = Object.keys(useParams({ strict: false })).length > 0;
  const navigate = useNavigate();
  if (data.length < 2) return otherwise;
  return (
    <select
      aria-label="Project"
      value={project ?? ''}
      onChange={({ target }) => void navigate({ to: isOfOne ? '/sprints' : '.', search: { project: target.value || undefined } })}
      className={`rounded-md border border-line-strong bg-sunken px-1 ${className}`}
    >
      <option value="">All projects</option>
      {data.map(({ id, title }) => (
        <option key={id} value={id}>
          {title || id}
        </option>
      ))}
    </select>
  );
}
