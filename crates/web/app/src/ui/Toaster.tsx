import { useEffect, useState } from 'react';
import { useLostSince } from '../live/connection';
import { Button } from './Button';
import { StatusMark } from './StatusMark';
import { STAYS, type Toast, dismiss, useToasts } from './toasts';

/** The toasts, which wait while somebody points at them. */
export function Toaster() {
  const toasts = useToasts();
  const [held, hold] = useState(false);
  return (
    <div
      onMouseEnter={() => hold(true)}
      onMouseLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
      className="flex flex-col gap-2"
    >
      {toasts.map((toast) => (
        <Notice key={toast.id} toast={toast} held={held} />
      ))}
    </div>
  );
}

function Notice({ toast, held }: { toast: Toast; held: boolean }) {
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(toast.id), STAYS);
    return () => clearTimeout(timer);
  }, [toast.id, held]);
  const failed = toast.kind === 'problem';
  const isLost = useLostSince() !== null;
  return (
    <div
      role={failed ? 'alert' : undefined}
      className="flex items-start gap-2.5 rounded-lg border border-line-strong bg-raised p-3"
    >
      <StatusMark status={failed ? 'failed' : 'done'} className="mt-0.75" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{toast.title}</p>
        {toast.detail && <p className="text-dense break-words text-muted">{toast.detail}</p>}
      </div>
      {toast.undo && (
        <Button
          look="quiet"
          disabled={toast.sends === true && isLost}
          onClick={() => {
            toast.undo?.();
            dismiss(toast.id);
          }}
        >
          Undo
        </Button>
      )}
      <Button look="quiet" aria-label="Dismiss" className="px-1.5" onClick={() => dismiss(toast.id)}>
        ✕
      </Button>
    </div>
  );
}
