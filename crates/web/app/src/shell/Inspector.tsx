// The one place where details are shown: at the right of every page, and a sheet from below where there is no room.
import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from '../ui/Button';
import { isWriting, usePageKeys } from './keys';
import { isOpened } from './opened';

/** What can be used in the inspector, below its header. */
const CONTROLS = '[data-body] :is(button:enabled, textarea:enabled, select:enabled, input:enabled, a, summary)';

interface Props {
  label: string;
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

export function Inspector({ label, title, onClose, children }: Props) {
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (isOpened()) return;
      // The first Escape leaves the text, so that nothing that was written goes away by accident.
      if (isWriting(event.target)) return (event.target as HTMLElement).blur();
      onClose();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [onClose]);
  // From the list into what it shows, without a way through the whole page.
  usePageKeys({ o: () => frame.current?.querySelector<HTMLElement>(CONTROLS)?.focus() });
  return (
    <>
      <button
        type="button"
        aria-label="Close details"
        tabIndex={-1}
        onClick={onClose}
        className="fixed inset-0 z-20 bg-sunken/70 wide:hidden"
      />
      <aside
        ref={frame}
        aria-label={label}
        data-inspector
        className="z-30 flex flex-col border-line bg-surface max-wide:fixed max-wide:inset-y-0 max-wide:right-0 max-wide:w-96 max-wide:border-l max-desk:inset-x-0 max-desk:top-auto max-desk:bottom-0 max-desk:h-[72dvh] max-desk:w-auto max-desk:rounded-t-lg max-desk:border-t max-desk:border-l-0 wide:w-96 wide:shrink-0 wide:border-l"
      >
        <div className="flex min-h-(--bar) items-center gap-2 border-b border-line px-4 py-1">
          <div className="min-w-0 flex-1">{title}</div>
          <Button look="quiet" aria-label="Close details" className="-mr-2 px-2" onClick={onClose}>
            ✕
          </Button>
        </div>
        <div data-body role="region" aria-label={`${label}: all of it`} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto">
          {children}
        </div>
      </aside>
    </>
  );
}
