// Whether what is shown is what is. A connection that comes back within moments is nobody's concern.
import { useEffect, useState, useSyncExternalStore } from 'react';

/** How long a lost connection is nobody's concern, in milliseconds. */
export const CALM = 3_000;

export type Connection =
  | { is: 'live' }
  /** What is shown is as of then. */
  | { is: 'lost'; since: number };

let current: Connection = { is: 'live' };
const listeners = new Set<() => void>();

export function next(before: Connection, connected: boolean, since: number): Connection {
  if (connected) return before.is === 'live' ? before : { is: 'live' };
  return before.is === 'lost' ? before : { is: 'lost', since };
}

export function setConnection(connected: boolean, since: number) {
  const after = next(current, connected, since);
  if (after === current) return;
  current = after;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** When the shown state is from, once a connection has been lost for longer than moments; null while it is live. */
export function useLostSince(): number | null {
  const connection = useSyncExternalStore(subscribe, () => current);
  const [shown, show] = useState<number | null>(null);
  useEffect(() => {
    if (connection.is === 'live') return show(null);
    const left = Math.max(0, connection.since + CALM - Date.now());
    const timer = setTimeout(() => show(connection.since), left);
    return () => clearTimeout(timer);
  }, [connection]);
  return shown;
}
