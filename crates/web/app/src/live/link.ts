// This tab's end of the live stream: hands what the hub tells to whoever listens.
import type { AttemptId, LiveEvent, TraceEntry } from '../api/generated/team6.schemas';
import { type News, TAB_ALIVE, type Wish } from './protocol';

export interface TraceListener {
  entries: (entries: TraceEntry[]) => void;
  end: () => void;
  /** The stream stood again after it was lost. */
  again: () => void;
}

interface Listener {
  connection: (connected: boolean, since: number) => void;
  signedOut: () => void;
  reset: () => void;
  events: (events: LiveEvent[]) => void;
}

let port: MessagePort | null = null;
const traces = new Map<AttemptId, Set<TraceListener>>();

/** Joins the hub of this browser, or makes one for this tab. */
export function join(listener: Listener) {
  const joined = sharedPort() ?? ownPort();
  port = joined;
  joined.onmessage = ({ data }: MessageEvent<News>) => {
    switch (data.news) {
      case 'connection':
        if (data.connected) for (const all of traces.values()) for (const trace of all) trace.again();
        return listener.connection(data.connected, data.since);
      case 'signed-out':
        return listener.signedOut();
      case 'reset':
        return listener.reset();
      case 'events':
        return listener.events(data.events);
      case 'entries':
        return traces.get(data.attempt)?.forEach((trace) => trace.entries(data.entries));
      case 'trace-end':
        return traces.get(data.attempt)?.forEach((trace) => trace.end());
    }
  };
  setInterval(() => wish({ wish: 'alive' }), TAB_ALIVE);
  addEventListener('pagehide', () => wish({ wish: 'bye' }));
  // A page that comes back out of the browser's memory said goodbye before.
  addEventListener('pageshow', (event: PageTransitionEvent) => event.persisted && location.reload());
}

export function reconnect() {
  wish({ wish: 'connect' });
}

/** Follows the trace of an attempt after an entry; call what it gives to leave. */
export function followTrace(attempt: AttemptId, after: number, listener: TraceListener): () => void {
  const listeners = traces.get(attempt) ?? new Set();
  traces.set(attempt, listeners.add(listener));
  wish({ wish: 'trace', attempt, after });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    traces.delete(attempt);
    wish({ wish: 'untrace', attempt });
  };
}

function wish(wish: Wish) {
  port?.postMessage(wish);
}

function sharedPort(): MessagePort | null {
  if (typeof SharedWorker === 'undefined') return null;
  try {
    return new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'team6-live' }).port;
  } catch {
    return null;
  }
}

function ownPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  // What is wished for before the hub is there waits in the channel.
  void import('./hub').then(({ Hub }) => new Hub().join(port1));
  return port2;
}
