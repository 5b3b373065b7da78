// The activity of an agent, a line for each thing it did. Following the end is a mode: whoever scrolls up leaves it, and
// what comes then is counted and moves nothing.
import { type UIEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Filter } from '../../addresses';
import { usePageKeys } from '../../shell/keys';
import { Button } from '../../ui/Button';
import { Beginning, Rest } from './Ends';
import type { TraceLog } from './log';
import { type Row, isError, lastBegunBy } from './rows';
import { TraceRow } from './TraceRow';
import { View } from './view';
import { isAtEnd, windowOf } from './window';

/** What lies beyond this many rows at the edges is fetched. */
const NEAR = 10;

interface Props {
  log: TraceLog;
  filter: Filter;
  search: string;
  chosen: number | null;
  onChoose: (seq: number) => void;
  /** The end is wanted, and the log does not reach it. */
  onEnd: () => void;
}

export function Trace({ log, filter, search, chosen, onChoose, onEnd }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [height, setHeight] = useState(0);
  const [follows, follow] = useState(chosen === null);
  const row = useRowHeight(frame);
  const [view] = useState(() => new View());
  const { places } = view.update(log.rows, filter, search);
  const count = places.length;
  const rowAt = (at: number) => log.rows[places[at] ?? -1];
  /** The turn that begins with a row, by its number where that is known. */
  const turnAt = (at: number): number | null => {
    const [turn, before] = [at, at - 1].map((each) => log.turnOf(rowAt(each)?.seq ?? 0));
    return turn === undefined || turn === before ? null : log.first === 1 ? turn : 0;
  };
  const chosenPlace = chosen === null ? -1 : log.placeOf(chosen);
  const unread = count - 1 - view.at(lastBegunBy(log.rows, useNewest(log, follows)));
  // The first line says what is before the rows, and one below them what is after them.
  const lines = 1 + count + (log.reachesEnd ? 0 : 1);
  const { from, to } = windowOf(scroll - row, height, row, count);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);

  // What is to be seen then is drawn at once, and not when the browser tells of the scrolling.
  const scrollTo = useCallback((element: HTMLElement, top: number) => {
    element.scrollTop = top;
    setScroll(element.scrollTop);
  }, []);

  // Whatever comes before it or is hidden, the row at the upper edge stays where it is.
  const drawn = useRef({ log, places, rows: log.rows, filter, search });
  useLayoutEffect(() => {
    const [element, before] = [frame.current, drawn.current];
    drawn.current = { log, places, rows: log.rows, filter, search };
    if (!element || follows || before.places === places || before.log !== log) return;
    // A list that became shorter has taken the scroll position with it.
    const top = before.filter === filter && before.search === search ? element.scrollTop : scroll;
    const edge = Math.floor(top / row) - 1;
    const seq = before.rows[before.places[Math.max(0, edge)] ?? -1]?.seq;
    if (seq !== undefined) scrollTo(element, top + (view.at(lastBegunBy(log.rows, seq)) - Math.max(0, edge)) * row);
  }, [places, log, row, filter, search, follows, scroll, view, scrollTo]);

  // Where following has brought it, and at how many lines.
  const brought = useRef({ top: 0, lines: 0 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || !follows || !log.reachesEnd) return;
    // Somebody has scrolled up, and the browser has not told of it yet: they are not taken back.
    const end = Math.max(0, brought.current.lines * row - element.clientHeight);
    if (element.scrollTop < Math.min(brought.current.top, end) - 1) return follow(false);
    scrollTo(element, element.scrollHeight);
    brought.current = { top: element.scrollTop, lines };
  }, [follows, lines, height, row, log, log.reachesEnd, scrollTo]);
  const toEnd = () => {
    brought.current = { top: 0, lines: 0 };
    follow(true);
    if (!log.reachesEnd) onEnd();
  };

  const show = useCallback(
    (index: number) => {
      const element = frame.current;
      if (!element) return;
      const top = (1 + index) * row;
      if (top < element.scrollTop || top + row > element.scrollTop + element.clientHeight)
        scrollTo(element, top - element.clientHeight / 2);
    },
    [row, scrollTo],
  );

  // The entry of the address is brought into view once it is there.
  const shown = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (chosen === null) shown.current = null;
    if (chosen === null || shown.current === chosen || height === 0 || chosenPlace < 0) return;
    shown.current = chosen;
    follow(false);
    show(view.at(chosenPlace));
  }, [chosen, chosenPlace, height, show, view]);

  // A view that comes near an end of the window, or is not filled by it, has more of the trace fetched.
  const isGoing = follows && !log.reachesEnd;
  useEffect(() => {
    const element = frame.current;
    if (!element || height === 0 || log.stuck || isGoing) return;
    if (log.first > 1 && element.scrollTop < NEAR * row) void log.older();
    else if (!log.reachesEnd && element.scrollTop + height > (lines - NEAR) * row) void log.newer();
  }, [log, log.version, lines, scroll, height, row, isGoing]);

  const onScroll = ({ currentTarget: element }: UIEvent<HTMLDivElement>) => {
    setScroll(element.scrollTop);
    const atEnd = log.reachesEnd && isAtEnd(element.scrollTop, element.clientHeight, row, lines);
    if (atEnd !== follows && !isGoing && element.scrollHeight > element.clientHeight) follow(atEnd);
  };

  const turnTo = (at: number) => {
    const next = rowAt(at);
    if (!next) return;
    shown.current = next.seq;
    follow(false);
    show(at);
    onChoose(next.seq);
  };
  const step = (by: number) => turnTo(chosenPlace < 0 ? count - 1 : Math.max(0, Math.min(count - 1, view.at(chosenPlace) + by)));
  const nextError = () => {
    const errors = [...places.keys()].filter((each) => isError(rowAt(each) as Row));
    turnTo(errors.find((each) => each > view.at(chosenPlace)) ?? errors[0] ?? -1);
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
        <div className="relative" style={{ height: lines * row }}>
          {from === 0 && <Beginning log={log} isEmpty={count === 0} isNarrowed={filter !== 'all' || search !== ''} />}
          {places.slice(from, to).map((place, at) => {
            const each = log.rows[place];
            return (
              each && (
                <TraceRow
                  key={each.seq}
                  row={each}
                  top={(1 + from + at) * row}
                  turn={turnAt(from + at)}
                  chosen={place === chosenPlace}
                  onChoose={onChoose}
                />
              )
            );
          })}
          {!log.reachesEnd && to === count && <Rest log={log} top={(1 + count) * row} />}
        </div>
      </div>
      {!follows && (unread > 0 || !log.reachesEnd) && (
        <Button
          look="act"
          onClick={toEnd}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full"
        >
          {log.reachesEnd ? `${unread} new` : 'To the end'}
        </Button>
      )}
    </div>
  );
}

/** The newest entry that somebody could see when they were at the end. */
function useNewest(log: TraceLog, follows: boolean): number {
  const seen = useRef({ last: 0, reachesEnd: false });
  if (follows || !seen.current.reachesEnd || !log.reachesEnd) seen.current = { last: log.last, reachesEnd: log.reachesEnd };
  return seen.current.last;
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
