import { useEffect, useState, useSyncExternalStore } from 'react';
import { showAttempt } from '../../api/generated/team6';
import { asRequestError } from '../../api/problem';
import type { AttemptId } from '../../api/generated/team6.schemas';
import { followTrace } from '../../live/link';
import { TraceLog } from './log';
import { readOf } from './read';

/** After how many milliseconds a trace that could not be read is asked for again. */
const AGAIN = 3_000;

interface Opened {
  log: TraceLog;
  failed: unknown;
  ready: boolean;
  /** Goes to the end of a long trace, wherever its window is. */
  toEnd: () => void;
}

/**
 * The trace of an attempt: a window around an entry, or else with the last ones, which grows while its agent works. An
 * entry that is wanted later and lies outside has a window of its own.
 */
export function useTrace(attempt: AttemptId, near: number | null): Opened {
  const [wanted, want] = useState({ near });
  const [{ log, failed, ready, of }, setOpened] = useState(() => ({
    log: new TraceLog(readOf(attempt)),
    failed: null as unknown,
    ready: false,
    of: null as typeof wanted | null,
  }));
  useSyncExternalStore(log.subscribe, () => log.version);

  useEffect(() => {
    let left = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = async () => {
      try {
        const fresh = await openAt(attempt, wanted.near, log.total);
        if (!left) setOpened({ log: fresh, failed: null, ready: true, of: wanted });
      } catch (failed) {
        if (left) return;
        setOpened((now) => ({ ...now, failed }));
        // A server that does not answer is asked again until it does.
        if (asRequestError(failed).isPassing) again = setTimeout(() => void open(), AGAIN);
      }
    };
    void open();
    return () => {
      left = true;
      clearTimeout(again);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is known of its length is a help only
  }, [attempt, wanted]);

  // A window moves when another entry is wanted that lies outside of it, or while it moves to one that is not wanted any
  // more, and not by itself.
  const [last, setLast] = useState(near);
  if (near !== last) {
    setLast(near);
    if (near !== null && (of !== wanted || near < log.first || (near > log.last && !log.reachesEnd))) want({ near });
  }

  // A window that does not reach the end is not told of what comes there.
  const { reachesEnd } = log;
  useEffect(() => {
    if (!reachesEnd) return;
    const catchUp = () => void log.catchUp().catch(() => {});
    const leave = followTrace(attempt, log.last, {
      entries: (entries) => log.append(entries),
      end: () => {},
      again: () => {
        log.retry();
        catchUp();
      },
    });
    // What came between the last page and the joining.
    catchUp();
    return leave;
  }, [attempt, log, reachesEnd]);

  return { log, failed, ready, toEnd: () => want({ near: null }) };
}

/** Opens a window; how long the trace is, is asked for where that matters. */
async function openAt(attempt: AttemptId, near: number | null, known: number): Promise<TraceLog> {
  const total = near !== null && near <= known ? known : (await showAttempt(attempt)).trace;
  const log = new TraceLog(readOf(attempt), total);
  await log.open(near !== null && near <= total ? near : null);
  return log;
}
