// What a command printed last, where a failure is told.
import type { TraceEntry } from '../../api/generated/team6.schemas';
import { type Span, ansiSpans } from './ansi';
import { type Row, Rows, wholeText } from './rows';

/** How much of a line is shown. */
const LONGEST = 2_000;

export interface Output {
  /** The entry that holds it. */
  seq: number;
  /** What was run. */
  title: string;
  failed: boolean;
  spans: Span[];
}

/** The last lines of the last call that failed and printed something, or else of whatever was printed last. */
export function lastOutput(entries: readonly TraceEntry[], lines: number): Output | null {
  const rows = new Rows();
  for (const entry of entries) rows.push(entry);
  const printed = rows.list.map((row) => ({ row, text: printedBy(row).trimEnd() })).filter(({ text }) => text !== '');
  const last = printed.findLast(({ row }) => row.state === 'failed') ?? printed.at(-1);
  if (!last) return null;
  const { row, text } = last;
  return { seq: row.seq, title: row.kind === 'stderr' ? '' : row.text, failed: row.state === 'failed', spans: ansiSpans(endOf(text, lines)) };
}

function printedBy(row: Row): string {
  if (row.kind === 'stderr') return wholeText(row);
  const body = row.entries.at(-1)?.body;
  return body?.kind === 'tool_call' ? (body.output ?? '') : '';
}

function endOf(text: string, lines: number): string {
  const all = text.slice(-lines * LONGEST).split(/\r?\n/);
  return all.slice(-lines).map(asLeft).join('\n');
}

/** A line as a terminal would leave it: what comes after a carriage return stands over what was before. */
function asLeft(line: string): string {
  const ended = line.replace(/\r+$/, '');
  const left = ended.slice(ended.lastIndexOf('\r') + 1);
  return left.length <= LONGEST ? left : `${left.slice(0, LONGEST)} … ${left.length - LONGEST} more characters`;
}
