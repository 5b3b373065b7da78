import { Link } from '@tanstack/react-router';
import { YourMenu } from '../people/YourMenu';
import { Icon } from './Icon';
import { Waiting } from './Sidebar';
import { open } from './opened';
import { FIRST, PLACES } from './places';

const ITEM = 'relative flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-meta text-muted';

/** The places on a phone. */
export function BottomBar() {
  return (
    <nav
      aria-label="Places"
      className="fixed inset-x-0 bottom-0 z-20 flex border-t border-line bg-sunken pb-[env(safe-area-inset-bottom)] desk:hidden"
    >
      {PLACES.slice(0, FIRST).map((place) => (
        <Link key={place.to} to={place.to} className={`${ITEM} aria-[current=page]:text-fg`}>
          <Icon path={place.icon} size={20} />
          {place.name}
          {place.to === '/inbox' && <Waiting className="absolute top-1.5 left-[calc(50%+8px)]" />}
        </Link>
      ))}
      <button type="button" onClick={() => open('palette')} className={ITEM}>
        <Icon path="m10.5 10.5 3 3M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0Z" size={20} />
        Search
      </button>
      <button type="button" onClick={() => open('more')} className={ITEM}>
        <Icon path="M3 8h.1M8 8h.1M13 8h.1" size={20} />
        More
      </button>
      <YourMenu narrow />
    </nav>
  );
}
