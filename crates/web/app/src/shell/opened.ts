// Which of the shell's own dialogs is open: at most one.
import { useSyncExternalStore } from 'react';

type Opened = 'palette' | 'sheet' | 'person' | 'more' | null;

let opened: Opened = null;
let ahead = '';
const listeners = new Set<() => void>();

export function open(what: Opened) {
  opened = what;
  ahead = '';
  listeners.forEach((listener) => listener());
}

/** Whether a dialog is open or on its way, so that no key is for the page below it. */
export function isOpened(): boolean {
  return opened !== null;
}

/** Keeps what is typed for a dialog that is on its way. */
export function typeAhead(letter: string) {
  ahead += letter;
}

export function typedAhead(): string {
  return ahead;
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
