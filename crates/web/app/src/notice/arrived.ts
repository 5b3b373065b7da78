import type { InboxEntry } from '../api/generated/team6.schemas';

/** What came into an inbox between two looks at it: entries that were not there, or wait for something else now. */
export function arrived(before: InboxEntry[] | undefined, now: InboxEntry[]): InboxEntry[] {
  // What waited before the first look is no news.
  if (before === undefined) return [];
  const known = new Set(before.map(named));
  return now.filter((entry) => !known.has(named(entry)));
}

function named({ key, kind, why }: InboxEntry): string {
  return `${key} ${kind} ${why.since}`;
}
