import { useLostSince } from '../live/connection';
import { clock } from '../ui/time';

/** Says calmly that what is shown may be old. It goes by itself. */
export function LostNote() {
  const since = useLostSince();
  if (since === null) return null;
  return (
    <p role="status" className="border-b border-line bg-surface px-4 py-1 text-dense text-muted">
      Reconnecting, showing state of {clock(since)}. What you do now is refused, and nothing is lost.
    </p>
  );
}
