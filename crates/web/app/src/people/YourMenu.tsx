// Who one is, how the app looks, and the way out.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { me } from '../api/queries';
import { part } from '../ui/part';

const Menu = lazy(() => part(() => import('./YourMenuItems')).then(({ YourMenuItems }) => ({ default: YourMenuItems })));

export function YourMenu({ narrow = false }: { narrow?: boolean }) {
  const { data } = useQuery(me);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [wanted, want] = useState(false);
  const name = data?.person.name ?? '';
  const shape = narrow
    ? 'flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-meta text-muted'
    : 'flex h-8 w-full items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-fg';
  const face = (
    <>
      <Initials name={name} />
      <span className="truncate">{narrow ? 'You' : name}</span>
    </>
  );
  // The menu itself comes when somebody first reaches for it.
  if (!wanted)
    return (
      <button type="button" aria-haspopup="menu" className={shape} onClick={() => want(true)}>
        {face}
      </button>
    );
  return (
    <Suspense fallback={<div className={shape}>{face}</div>}>
      <Menu
        shape={shape}
        face={face}
        onSignedOut={() => {
          client.clear();
          void navigate({ to: '/sign-in' });
        }}
      />
    </Suspense>
  );
}

export function Initials({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? '')
    .join('');
  return (
    <span
      aria-hidden
      className="inline-flex size-5 shrink-0 items-center justify-center rounded-full border border-line-strong text-[9px] leading-none font-semibold text-muted"
    >
      {letters}
    </span>
  );
}
