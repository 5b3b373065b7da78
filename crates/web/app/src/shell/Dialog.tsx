// A dialog in the middle, for what needs an answer before anything else.
import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, onClose, children }: Props) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-sunken/80" />
        <Base.Popup
          aria-modal
          className="fixed top-[8vh] left-1/2 z-50 max-h-[84vh] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 overflow-y-auto rounded-lg border border-line-strong bg-raised p-4"
        >
          <Base.Title className="mb-3 text-title font-semibold">{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
