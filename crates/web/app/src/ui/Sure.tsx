// A step that cannot be taken back: the first press says what it does, the second does it.
import { useState } from 'react';
import { Button } from './Button';

interface Props {
  verb: string;
  /** What comes of it. */
  effect: string;
  busy: boolean;
  onSure: () => void;
}

export function Sure({ verb, effect, busy, onSure }: Props) {
  const [asked, ask] = useState(false);
  if (!asked)
    return (
      <Button look="quiet" disabled={busy} onClick={() => ask(true)}>
        {verb}
      </Button>
    );
  return (
    <div role="group" aria-label={verb} className="flex w-full flex-col gap-2 border-l border-st-failed pl-3">
      <p className="text-dense text-muted">{effect}</p>
      <div className="flex gap-2">
        <Button look="danger" disabled={busy} onClick={onSure}>
          {verb}
        </Button>
        <Button look="quiet" onClick={() => ask(false)}>
          Keep it
        </Button>
      </div>
    </div>
  );
}
