/** What is looked at next after the entry at a place was solved and is gone: the one that took its place. */
export function nextOf<T>(entries: readonly T[], place: number): T | undefined {
  return entries[Math.min(place, entries.length - 1)];
}
