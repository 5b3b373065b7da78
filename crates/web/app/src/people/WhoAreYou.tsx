import { useQuery, useQueryClient } from '@tanstack/react-query';
import { actFor } from '../api/person';
import { me, people } from '../api/queries';
import { Dialog } from '../shell/Dialog';
import { open } from '../shell/opened';
import { Initials } from './YourMenu';

/** For whom this browser acts: what is done from now on is on record as theirs. */
export function WhoAreYou() {
  const { data: team = [] } = useQuery(people);
  const { data: mine } = useQuery(me);
  const client = useQueryClient();
  const close = () => open(null);
  return (
    <Dialog title="Who are you?" onClose={close}>
      <p className="mb-3 text-muted">What you do is on record under this name.</p>
      <ul>
        {team.map(({ id, name, email }) => (
          <li key={id}>
            <button
              type="button"
              aria-pressed={mine?.person.id === id}
              onClick={() => {
                actFor(id);
                void client.invalidateQueries();
                close();
              }}
              className="flex min-h-11 w-full items-center gap-3 border-t border-line px-1 text-left hover:bg-hover"
            >
              <Initials name={name} />
              <span className="flex-1">{name}</span>
              <span className="text-dense text-faint">{mine?.person.id === id ? 'now' : email}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
