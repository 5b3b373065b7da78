import { readTrace } from '../../api/generated/team6';
import type { AttemptId } from '../../api/generated/team6.schemas';
import type { Read } from './log';

/** Reads the trace of an attempt from the server. */
export function readOf(attempt: AttemptId, signal?: AbortSignal): Read {
  return async (after, limit) => {
    const entries = [];
    for (let next: number | null = after; next !== null && entries.length < limit; ) {
      // A part with large entries has fewer than were asked for.
      const part = await readTrace(attempt, { after: next, limit: limit - entries.length }, signal ? { signal } : {});
      entries.push(...part.items);
      next = part.next == null ? null : Number(part.next);
    }
    return entries;
  };
}
