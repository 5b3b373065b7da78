// What tabs and the hub say to each other.
import type { AttemptId, LiveEvent, TraceEntry } from '../api/generated/team6.schemas';

/** From a tab. */
export type Wish =
  | { wish: 'alive' }
  | { wish: 'bye' }
  /** Follow the trace of an attempt after this entry. */
  | { wish: 'trace'; attempt: AttemptId; after: number }
  | { wish: 'untrace'; attempt: AttemptId }
  /** Connect now, such as after signing in. */
  | { wish: 'connect' };

/** From the hub. */
export type News =
  | { news: 'connection'; connected: boolean; since: number }
  | { news: 'signed-out' }
  /** What was fetched before this is fetched again: the server does not have all that happened since. */
  | { news: 'reset' }
  | { news: 'events'; events: LiveEvent[] }
  | { news: 'entries'; attempt: AttemptId; entries: TraceEntry[] }
  | { news: 'trace-end'; attempt: AttemptId };

/** A tab that gave no sign of life for so long is gone. Timers of hidden tabs come once a minute. */
export const TAB_GONE = 150_000;
export const TAB_ALIVE = 20_000;
