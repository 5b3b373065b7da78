// The activity of an agent, a line for each thing it did. Following the end is a mode: whoever scrolls up leaves it, and
// what comes then is counted and moves nothing.
import { type UIEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { usePageKeys } from '../../shell/keys';
import { Button } from '../../ui/Button';
import type { TraceLog } from './log';
import { type Filter, type Row, isError } from './rows';
import { TraceRow } from './TraceRow';
import { View } from './view';
import { isAtEnd, windowOf } from './window';

interface Props {
  log: TraceLog;
  filter: Filter;
  search: string;
  chosen: number | null;
  onChoose: (seq: number) => void;
}

export function Trace({ log, filter, search, chosen, onChoose }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [height, setHeight] = useState(0);
  const [follows, follow] = useState(chosen === null);
  const row = useRowHeight(frame);
  const [view] = useState(() => new View());
  const { places } = view.update(log.rows, log.prepended, filter, search);
  const count = places.length;
  const rowAt = (at: number) => log.rows[places[at] ?? -1];
  const seen = useNewRows(count, follows);
  const { from, to } = windowOf(scroll, height, row, count);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);

  // What is put before keeps what is looked at in its place.
  const prepended = useRef(log.prepended);
  useLayoutEffect(() => {
    const element = frame.current;
    const added = log.prepended - prepended.current;
    prepended.current = log.prepended;
    if (element && added > 0 && filter === 'all' && search === '') element.scrollTop += added * row;
  }, [log.prepended, log, row, filter, search]);

  // Where following has brought it, and at how many rows.
  const brought = useRef({ top: 0, count: 0 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || !follows) return;
    // Somebody has scrolled up, and the browser has not told of it yet: they are not taken back.
    const end = Math.max(0, brought.current.count * row - element.clientHeight);
    if (element.scrollTop < Math.min(brought.current.top, end) - 1) return follow(false);
    element.scrollTop = element.scrollHeight;
    brought.current = { top: element.scrollTop, count };
  }, [follows, count, height, row]);
  const toEnd = () => {
    brought.current = { top: 0, count: 0 };
    follow(true);
  };

  const show = useCallback(
    (index: number) => {
      const element = frame.current;
      if (!element) return;
      const top = index * row;
      if (top < element.scrollTop || top + row > element.scrollTop + element.clientHeight)
        element.scrollTop = Math.max(0, top - element.clientHeight / 2);
    },
    [row],
  );

  // The entry of the address is brought into view once it is there.
  const shown = useRef<number | null>(null);
  useEffect(() => {
    if (chosen === null || shown.current === chosen || height === 0) return;
    const index = view.find(log.rows, (each) => holds(each, chosen));
    if (index < 0) return;
    shown.current = chosen;
    follow(false);
    show(index);
  }, [chosen, count, height, show, view, log]);

  const onScroll = ({ currentTarget: element }: UIEvent<HTMLDivElement>) => {
    setScroll(element.scrollTop);
    const atEnd = isAtEnd(element.scrollTop, element.clientHeight, row, count);
    if (atEnd !== follows && element.scrollHeight > element.clientHeight) follow(atEnd);
    if (element.scrollTop < 10 * row) void log.older().catch(() => {});
  };

  const now = () => (chosen === null ? -1 : view.find(log.rows, (each) => holds(each, chosen)));
  const turnTo = (at: number) => {
    const next = rowAt(at);
    if (!next) return;
    shown.current = next.seq;
    follow(false);
    show(at);
    onChoose(next.seq);
  };
  const step = (by: number) => {
    const at = now();
    turnTo(at < 0 ? count - 1 : Math.max(0, Math.min(count - 1, at + by)));
  };
  const nextError = () => {
    const at = now();
    const errors = [...places.keys()].filter((each) => isError(rowAt(each) as Row));
    turnTo(errors.find((each) => each > at) ?? errors[0] ?? -1);
  };
  usePageKeys({ j: () => step(1), k: () => step(-1), e: nextError, f: toEnd });

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={frame}
        role="list"
        aria-label="Activity"
        tabIndex={0}
        onScroll={onScroll}
        className="h-full overflow-x-hidden overflow-y-auto overscroll-contain [contain:strict]"
      >
        <div className="relative" style={{ height: count * row }}>
          {places.slice(from, to).map((place, at) => {
            const each = log.rows[place];
            return (
              each && (
                <TraceRow
                  key={each.seq}
                  row={each}
                  top={(from + at) * row}
                  chosen={chosen !== null && holds(each, chosen)}
                  onChoose={onChoose}
                />
              )
            );
          })}
        </div>
      </div>
      {!follows && seen > 0 && (
        <Button
          look="act"
          onClick={toEnd}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full"
        >
          {seen} new
        </Button>
      )}
    </div>
  );
}

/** Whether an entry belongs to a row. */
export function holds(row: Row, seq: number): boolean {
  return row.seq === seq || row.entries.some((entry) => entry.seq === seq);
}

/** How many rows have come since the end was left. */
function useNewRows(count: number, follows: boolean): number {
  const at = useRef(count);
  if (follows) at.current = count;
  return Math.max(0, count - at.current);
}

function useRowHeight(frame: React.RefObject<HTMLElement | null>): number {
  const [row, setRow] = useState(26);
  useLayoutEffect(() => {
    const read = () => {
      const element = frame.current;
      if (element) setRow(Number.parseFloat(getComputedStyle(element).getPropertyValue('--trace-row')) || 26);
    };
    read();
    const media = matchMedia('(pointer: coarse), (max-width: 767px)');
    media.addEventListener('change', read);
    return () => media.removeEventListener('change', read);
  }, [frame]);
  return row;
}
