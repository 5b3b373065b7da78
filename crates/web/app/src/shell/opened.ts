// Which of the shell's own dialogs is open: at most one.
import { useSyncExternalStore } from 'react';

type Opened = 'palette' | 'sheet' | 'person' | 'more' | null;

let opened: Opened = null;
const listeners = new Set<() => void>();

export function open(what: Opened) {
  opened = what;
  listeners.forEach((listener) => listener());
}

/** Whether a dialog is open or on its way, so that no key is for the page below it. */
export function isOpened(): boolean {
  return opened !== null;
}

export function useOpened(): Opened {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => opened,
  );
}
