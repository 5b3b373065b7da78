// When agents last gave a sign of life. It changes twice a second for each, so it is kept apart from what is fetched.
import { useSyncExternalStore } from 'react';

const seen = new Map<string, number>();
const listeners = new Set<() => void>();

export function sign(attempt: string, at: number) {
  if ((seen.get(attempt) ?? 0) >= at) return;
  seen.set(attempt, at);
  listeners.forEach((listener) => listener());
}

/** When an attempt last gave a sign of life, as far as this tab knows. */
export function usePulse(attempt: string | null): number | null {
  return useSyncExternalStore(subscribe, () => (attempt === null ? null : (seen.get(attempt) ?? null)));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
