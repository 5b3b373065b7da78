// What opens above the foot of a review before something of it is sent.
import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from '../ui/Button';

export function Panel({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>('textarea, button:enabled')?.focus();
    // Whoever goes by keys goes on where they came from.
    return () => {
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <section
      ref={panel}
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
      className="ml-auto flex max-h-[60vh] max-w-[640px] flex-col gap-2 overflow-y-auto px-4 pt-3 pb-2"
    >
      <h2 className="font-semibold">{label}</h2>
      {children}
    </section>
  );
}

export function Ends({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {children}
      <Button look="quiet" onClick={onClose}>
        Not yet
      </Button>
    </div>
  );
}
