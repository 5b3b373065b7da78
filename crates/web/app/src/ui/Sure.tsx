// A step that cannot be taken back: the first press says what it does, the second does it.
import { useId, useState } from 'react';
import { Button } from './Button';
import { cx } from './cx';

interface Props {
  verb: string;
  /** What comes of it. */
  effect: string;
  busy: boolean;
  onSure: () => void;
  /** Whether it is the way on, rather than the end of something. */
  isOnward?: boolean;
}

/** Whoever goes by keys goes on from here. */
const toIt = (element: HTMLElement | null) => element?.focus();

export function Sure({ verb, effect, busy, onSure, isOnward = false }: Props) {
  const [asked, ask] = useState<'not yet' | 'asked' | 'turned back'>('not yet');
  const effectId = useId();
  if (asked !== 'asked')
    return (
      <Button
        ref={asked === 'turned back' ? toIt : undefined}
        look={isOnward ? 'act' : 'quiet'}
        disabled={busy}
        onClick={() => ask('asked')}
      >
        {verb}
      </Button>
    );
  return (
    <div
      ref={toIt}
      tabIndex={-1}
      role="group"
      aria-label={verb}
      aria-describedby={effectId}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        ask('turned back');
      }}
      className={cx('flex w-full flex-col gap-2 border-l pl-3', isOnward ? 'border-accent' : 'border-st-failed')}
    >
      <p id={effectId} className="text-dense text-muted">
        {effect}
      </p>
      <div className="flex gap-2">
        <Button look={isOnward ? 'act' : 'danger'} disabled={busy} onClick={onSure}>
          {isOnward ? `${verb} now` : verb}
        </Button>
        <Button look="quiet" onClick={() => ask('turned back')}>
          {isOnward ? 'Not yet' : 'Keep it'}
        </Button>
      </div>
    </div>
  );
}
