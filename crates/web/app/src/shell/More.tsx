import { Link } from '@tanstack/react-router';
import { Dialog } from './Dialog';
import { Icon } from './Icon';
import { ProjectSwitch } from './ProjectSwitch';
import { open } from './opened';
import { FIRST, PLACES } from './places';

/** The places for which a phone has no room at its bottom. */
export function More() {
  const close = () => open(null);
  return (
    <Dialog title="More" onClose={close}>
      <ProjectSwitch className="mb-2 min-h-11 w-full" />
      <ul>
        {PLACES.slice(FIRST).map(({ to, name, icon }) => (
          <li key={to}>
            <Link to={to} onClick={close} className="flex min-h-11 items-center gap-3 border-t border-line px-1 hover:bg-hover aria-[current=page]:font-medium">
              <Icon path={icon} size={20} />
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
