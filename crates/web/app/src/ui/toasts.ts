// What the app says at its edge: what was done, with a way back where there is one, and what was refused.
import { useSyncExternalStore } from 'react';

export interface Toast {
  id: number;
  kind: 'done' | 'problem';
  title: string;
  detail?: string;
  undo?: () => void;
  /** Whether the way back is a command to the server, which has to be there for it. */
  sends?: boolean;
}

/** How long a way back is offered, in milliseconds; a refusal stays as long. */
export const STAYS = 8_000;

let toasts: readonly Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]) {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function say(toast: Omit<Toast, 'id'>) {
  count += 1;
  set([...toasts.slice(-3), { ...toast, id: count }]);
}

export function dismiss(id: number) {
  set(toasts.filter((toast) => toast.id !== id));
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => toasts,
  );
}
