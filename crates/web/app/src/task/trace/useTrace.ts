import { useEffect, useState, useSyncExternalStore } from 'react';
import { readTrace, showAttempt } from '../../api/generated/team6';
import { asRequestError } from '../../api/problem';
import type { AttemptId } from '../../api/generated/team6.schemas';
import { followTrace } from '../../live/link';
import { TraceLog, WINDOW } from './log';

/** After how many milliseconds a trace that could not be read is asked for again. */
const AGAIN = 3_000;

interface Opened {
  attempt: AttemptId;
  log: TraceLog;
  failed: unknown;
  ready: boolean;
}

/** The trace of an attempt, which grows while its agent works. It begins near an entry, or else with the last ones. */
export function useTrace(attempt: AttemptId, near: number | null): Opened {
  const [opened, setOpened] = useState<Opened>(() => begin(attempt));
  const log = opened.attempt === attempt ? opened.log : null;
  useEffect(() => {
    const fresh = begin(attempt);
    setOpened(fresh);
    const { log } = fresh;
    let leave = () => {};
    let left = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = async () => {
      const { trace } = await showAttempt(attempt);
      await log.open(Math.max(0, Math.min(near ?? trace, trace) - (near === null ? WINDOW : WINDOW / 2)));
      if (left) return;
      setOpened((now) => ({ ...now, ready: true, failed: null }));
      leave = followTrace(attempt, log.last, {
        entries: (entries) => log.append(entries),
        end: () => log.end(),
        again: () => void log.catchUp().catch(() => {}),
      });
      // What came between the last page and the joining.
      await log.catchUp();
    };
    const begun = () =>
      open().catch((failed: unknown) => {
        if (left) return;
        setOpened((now) => ({ ...now, failed }));
        // A server that does not answer is asked again until it does.
        if (asRequestError(failed).isPassing) again = setTimeout(() => void begun(), AGAIN);
      });
    void begun();
    return () => {
      left = true;
      clearTimeout(again);
      leave();
    };
    // An entry that is chosen later lies in the window already.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [attempt]);
  useSyncExternalStore(opened.log.subscribe, () => opened.log.version);
  return log ? opened : begin(attempt);
}

function begin(attempt: AttemptId): Opened {
  const read = async (after: number, limit: number) => {
    const entries = [];
    for (let next: number | null = after; next !== null && entries.length < limit; ) {
      // A part with large entries has fewer than were asked for.
      const part = await readTrace(attempt, { after: next, limit: limit - entries.length });
      entries.push(...part.items);
      next = part.next == null ? null : Number(part.next);
    }
    return entries;
  };
  return { attempt, log: new TraceLog(read), failed: null, ready: false };
}
