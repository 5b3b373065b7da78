// When an agent that says nothing is marked: at the engine's own thresholds.
import type { Running } from '../api/generated/team6.schemas';

/** Whether three quarters of the time for which an agent may say nothing are over. */
export function isStale({ active_at, silent_until }: Pick<Running, 'active_at' | 'silent_until'>, last: number, now: number): boolean {
  // The silence that is allowed, counted from the sign of life that is known now.
  const allowed = silent_until - active_at;
  return now - last > allowed * 0.75;
}
