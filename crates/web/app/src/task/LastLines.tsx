import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import type { AttemptId, TraceEntry } from '../api/generated/team6.schemas';
import { lastEntries } from '../api/queries';
import { lastOutput } from './trace/output';
import { Rows } from './trace/rows';

const LINES = 20;
/** As high before it is known what was printed, so that what stands below does not jump. */
const FRAME = 'h-(--last-lines,10rem) overflow-auto bg-sunken px-2 py-1 font-mono text-meta wrap-anywhere';

/** What an attempt printed last, where its failure is told; or what its agent did last, if it printed nothing. */
export function LastLines({ attempt }: { attempt: AttemptId }) {
  const { data } = useQuery(lastEntries(attempt));
  const output = data && lastOutput(data, LINES);
  if (!output) return <LastRows entries={data ?? []} />;
  return (
    <>
      <Heading>
        {output.failed && <span className="text-st-failed">failed: </span>}
        {output.title}
      </Heading>
      <pre key={output.seq} ref={toEnd} tabIndex={0} aria-label="Last lines" className={`whitespace-pre-wrap ${FRAME}`}>
        {output.spans.map(({ text, className }, at) => (
          <span key={at} className={className}>
            {text}
          </span>
        ))}
      </pre>
    </>
  );
}

/** What matters stands at the end, also where long lines take more room. */
function toEnd(lines: HTMLElement | null) {
  if (lines) lines.scrollTop = lines.scrollHeight;
}

function LastRows({ entries }: { entries: readonly TraceEntry[] }) {
  const rows = new Rows();
  for (const entry of entries) rows.push(entry);
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => toEnd(list.current), [entries]);
  return (
    <>
      <Heading />
      <ol ref={list} tabIndex={0} aria-label="Last lines" className={FRAME}>
        {rows.list.slice(-LINES).map((row) => (
          <li key={row.seq}>
            <span className="text-faint">{row.verb}</span>{' '}
            <span className={row.state === 'failed' ? 'text-st-failed' : 'text-muted'}>
              {row.state === 'failed' && 'failed: '}
              {row.text}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Which call printed it; its place is kept. */
function Heading({ children }: { children?: ReactNode }) {
  return <p className="mb-1 h-4 truncate font-mono text-dense text-muted">{children}</p>;
}
