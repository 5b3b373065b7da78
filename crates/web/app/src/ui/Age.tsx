// Times that go on by themselves. One clock ticks for all of them.
import { useSyncExternalStore } from 'react';
import { full, span, stopwatch } from './time';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    listeners.forEach((each) => each());
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The time, once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** How long ago something was, such as `18 min`. */
export function Age({ since, className }: { since: number; className?: string }) {
  const age = span(useNow() - since);
  return (
    <time dateTime={new Date(since).toISOString()} title={full(since)} className={className}>
      {age}
    </time>
  );
}

/** How long something has been going on, such as `4:09`. */
export function Stopwatch({ since, className }: { since: number; className?: string }) {
  const elapsed = stopwatch(useNow() - since);
  return (
    <time dateTime={new Date(since).toISOString()} title={`since ${full(since)}`} className={className}>
      {elapsed}
    </time>
  );
}
