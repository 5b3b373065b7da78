import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { inbox, me } from '../api/queries';
import { Kbd } from '../ui/Kbd';
import { YourMenu } from '../people/YourMenu';
import { Icon } from './Icon';
import { ProjectSwitch } from './ProjectSwitch';
import { open } from './opened';
import { PLACES } from './places';

export function Sidebar() {
  return (
    <nav aria-label="Places" className="flex w-52 shrink-0 flex-col border-r border-line bg-sunken max-desk:hidden">
      <div className="flex h-(--bar) items-center gap-2 px-4 font-semibold">
        <img src="/favicon.svg" alt="" width={20} height={20} />
        <ProjectSwitch className="h-7 min-w-0 flex-1 text-body font-normal" otherwise="Team6" />
      </div>
      <ul className="flex flex-1 flex-col gap-px px-2 py-1">
        {PLACES.map((place) => (
          <li key={place.to}>
            <Link
              to={place.to}
              className="flex h-8 items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-fg aria-[current=page]:bg-raised aria-[current=page]:text-fg"
            >
              <Icon path={place.icon} />
              {place.name}
              {place.to === '/inbox' && <Waiting className="ml-auto" />}
            </Link>
          </li>
        ))}
      </ul>
      <div className="flex flex-col gap-1 border-t border-line p-2">
        <button
          type="button"
          onClick={() => open('palette')}
          className="flex h-8 items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-fg"
        >
          <Icon path="m10.5 10.5 3 3M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0Z" />
          Search
          <span className="ml-auto">
            <Kbd keys="Mod+K" />
          </span>
        </button>
        <YourMenu />
      </div>
    </nav>
  );
}

/** How much waits for the person of this browser. */
export function Waiting({ className = '' }: { className?: string }) {
  const { data: mine } = useQuery(me);
  const { data } = useQuery({ ...inbox(mine?.person.id ?? null), enabled: mine !== undefined });
  if (!data || data.length === 0) return null;
  return (
    <span className={`rounded-sm bg-accent-soft px-1.5 font-mono text-meta text-fg ${className}`}>
      <span className="sr-only">, waiting: </span>
      {data.length}
    </span>
  );
}
