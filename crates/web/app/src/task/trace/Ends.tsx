// What a window of a trace says where it ends: what is beyond it, that this is being fetched, or that there is nothing.
import type { ReactNode } from 'react';
import type { TraceLog } from './log';

interface BeginningProps {
  log: TraceLog;
  isEmpty: boolean;
  /** Only some of the rows are wanted. */
  isNarrowed: boolean;
}

/** Before the first row. */
export function Beginning({ log, isEmpty, isNarrowed }: BeginningProps) {
  if (log.first > 1) return <Beyond log={log} top={0} says={`Reading back from entry ${log.first} of ${log.total}`} />;
  const nothing = isNarrowed ? 'Nothing in the activity is like this' : 'Nothing yet';
  return (
    <End top={0}>
      <span role="status">{isEmpty ? log.reachesEnd && nothing : 'The beginning'}</span>
    </End>
  );
}

/** After the last row of a window that does not reach the end. */
export function Rest({ log, top }: { log: TraceLog; top: number }) {
  return <Beyond log={log} top={top} says={`Reading on from entry ${log.last} of ${log.total}`} />;
}

function Beyond({ log, top, says }: { log: TraceLog; top: number; says: string }) {
  if (!log.stuck) return <End top={top}>{says}</End>;
  return (
    <End top={top}>
      <span role="status">The rest could not be read.</span>
      <button type="button" onClick={() => log.retry()} className="h-full underline underline-offset-4 hover:text-fg">
        Try again
      </button>
    </End>
  );
}

function End({ top, children }: { top: number; children: ReactNode }) {
  return (
    <div
      role="listitem"
      className="absolute inset-x-0 flex h-(--trace-row) items-center gap-2 px-4 text-meta text-faint"
      style={{ transform: `translateY(${top}px)` }}
    >
      {children}
    </div>
  );
}
