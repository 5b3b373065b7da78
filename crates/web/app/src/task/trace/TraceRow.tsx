import { memo } from 'react';
import { cx } from '../../ui/cx';
import { clock, full, span } from '../../ui/time';
import type { Row } from './rows';

interface Props {
  row: Row;
  top: number;
  /** The turn that begins with it: its number, 0 where that is not known, none where no turn begins. */
  turn: number | null;
  chosen: boolean;
  onChoose: (seq: number) => void;
}

export const TraceRow = memo(function TraceRow({ row, top, turn, chosen, onChoose }: Props) {
  return (
    <div role="listitem" className="absolute inset-x-0 h-(--trace-row)" style={{ transform: `translateY(${top}px)` }}>
      <button
        type="button"
        tabIndex={-1}
        aria-current={chosen || undefined}
        onClick={() => onChoose(row.seq)}
        className={cx(
          'flex size-full items-center gap-2.5 px-4 text-left text-dense hover:bg-hover aria-[current]:bg-hover',
          turn !== null && 'border-t border-line',
        )}
      >
        <time title={full(row.at)} className="w-9 shrink-0 font-mono text-meta text-faint">
          {clock(row.at)}
        </time>
        <Glyph row={row} />
        <span className={cx('w-24 shrink-0 truncate max-desk:w-16', TONE[row.kind] ?? 'text-muted')}>{row.verb}</span>
        <span className={cx('min-w-0 flex-1 truncate', row.kind === 'message' || row.kind === 'chat' ? 'text-fg' : MONO)}>
          {row.text}
        </span>
        {row.kind === 'tool_call' && row.state !== 'running' && row.until - row.at >= 1_000 && (
          <span className="shrink-0 font-mono text-meta text-faint">{span(row.until - row.at)}</span>
        )}
        {turn !== null && turn > 0 && <span className="shrink-0 font-mono text-meta text-faint">turn {turn}</span>}
      </button>
    </div>
  );
});

const MONO = 'font-mono text-muted';
const TONE: Partial<Record<Row['kind'], string>> = { message: 'text-fg', chat: 'font-medium text-fg' };

/** How it went, by shape first. */
function Glyph({ row }: { row: Row }) {
  const [sign, colour, label] =
    row.state === 'failed'
      ? ['✕', 'text-st-failed', 'failed']
      : row.state === 'running'
        ? ['●', 'live-dot text-st-progress', 'under way']
        : row.state === 'ok'
          ? ['✓', 'text-faint', 'done']
          : ['', '', ''];
  return (
    <span className={cx('w-3 shrink-0 text-center text-meta', colour)}>
      {sign && (
        <>
          <span aria-hidden>{sign}</span>
          <span className="sr-only">{label}</span>
        </>
      )}
    </span>
  );
}
