// How the last attempt of a work ended: which one it was of how many, what it printed, and when the next one begins.
import { useQuery } from '@tanstack/react-query';
import type { AttemptItem } from '../api/generated/team6.schemas';
import { settings } from '../settings/queries';
import { useNow } from '../ui/Age';
import { full, span } from '../ui/time';
import { LastLines } from './LastLines';
import { tryOf } from './attempt';

interface Props {
  attempts: readonly AttemptItem[];
  /** When the engine tries again by itself, if it does. */
  next: number | null;
}

export function Tried({ attempts, next }: Props) {
  // Older ones may be over by now: the last that began is told.
  const upTo = attempts.findLastIndex(({ started_at: started }) => started != null);
  const { data } = useQuery(settings);
  const most = data?.find(({ key }) => key === 'limits.attempts')?.value;
  const last = attempts[upTo];
  if (!last) return null;
  return (
    <section aria-label="The last attempt">
      <p className="mb-1 text-dense text-muted">
        Attempt {whichOf(upTo + 1, tryOf(attempts.slice(0, upTo + 1)), most)} by {last.agent}
        {next === null ? '; none follows by itself' : <Next at={next} />}
      </p>
      <LastLines attempt={last.id} />
    </section>
  );
}

/** Which one it was, and of how many may fail: those that somebody ended, or decided on, do not count. */
function whichOf(number: number, failed: number, most: unknown): string {
  if (most === undefined) return `${number}`;
  return number === failed ? `${number} of ${most}` : `${number} (${failed} of ${most} that may fail)`;
}

function Next({ at }: { at: number }) {
  const left = at - useNow();
  return (
    <>
      ; the next one follows{' '}
      <time dateTime={new Date(at).toISOString()} title={full(at)}>
        {left > 0 ? `in ${span(left)}` : 'now'}
      </time>
    </>
  );
}
