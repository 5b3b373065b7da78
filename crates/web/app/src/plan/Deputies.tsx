// Who decides for an owner who is away, so that what waits for them does not wait for their return.
import { setDeputy } from '../api/generated/team6';
import type { PersonItem, SprintDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Select } from '../ui/Field';
import { Writes } from '../wait/Writes';

interface Named {
  owner: string;
  deputy: string | null;
  /** Who it was before. */
  before: string | null;
}

export function Deputies({ detail, team }: { detail: SprintDetail; team: readonly PersonItem[] }) {
  const { id } = detail.sprint;
  const deputies = detail.deputies ?? {};
  const nameOf = (person: string) => team.find(({ id }) => id === person)?.name ?? person;
  const name = useCommand({
    run: ({ owner, deputy }: Named, options) => setDeputy(id, { owner, deputy }, options),
    done: ({ owner, deputy }) => (deputy === null ? `${nameOf(owner)} decides again` : `${nameOf(deputy)} decides for ${nameOf(owner)}`),
    undo: ({ owner, deputy, before }) => name.mutate({ owner, deputy: before, before: deputy }),
  });
  const owners = [...new Set([...detail.tasks.flatMap(({ task }) => task.owner ?? []), ...Object.keys(deputies)])].sort();
  if (owners.length === 0 || team.length < 2) return null;
  return (
    <section aria-label="Deputies" className="flex flex-col gap-2 px-4 py-4 max-desk:px-2">
      <h2 className="text-dense text-faint">Who decides while an owner is away</h2>
      <Writes>
        <ul className="flex flex-col gap-1">
          {owners.map((owner) => (
            <li key={owner} className="flex min-h-(--row) flex-wrap items-center gap-x-3">
              <span className="w-40 truncate">{nameOf(owner)}</span>
              <Select
                label={`Who decides for ${nameOf(owner)}`}
                value={deputies[owner] ?? ''}
                options={[['', 'decides in person'], ...team.filter(({ id }) => id !== owner).map(({ id, name }) => [id, `away: ${name}`] as const)]}
                onChoose={(deputy) => name.mutate({ owner, deputy: deputy || null, before: deputies[owner] ?? null })}
              />
            </li>
          ))}
        </ul>
      </Writes>
    </section>
  );
}
