// Where comments stand: lines of one side of a file, as the API counts them. Pure.
import type { ChangedFile, ChangedLine, RepositoryId, ReviewComment } from '../api/generated/team6.schemas';

/** A place for a comment. Without lines it is the file as a whole. */
export interface Place {
  repository: RepositoryId;
  path: string;
  lines: Lines | null;
}

export interface Lines {
  first: number;
  last: number;
  /** Whether they are counted as they were before. */
  old: boolean;
}

/** What somebody dragged over, as the diff tells it. */
export interface Dragged {
  start: number;
  end: number;
  side?: 'additions' | 'deletions';
  endSide?: 'additions' | 'deletions';
}

/** A range stands on one side; one that goes over both is about where it ends. */
export function linesOf({ start, end, side = 'additions', endSide = side }: Dragged): Lines {
  const old = endSide === 'deletions';
  if (side !== endSide) return { first: end, last: end, old };
  return { first: Math.min(start, end), last: Math.max(start, end), old };
}

/** The same as the diff has it. */
export function draggedOf({ first, last, old }: Lines): Dragged {
  const side = old ? 'deletions' : 'additions';
  return { start: first, end: last, side, endSide: side };
}

export function placeOf({ repository, path, line, end_line, old_side }: ReviewComment): Place {
  if (line == null) return { repository, path, lines: null };
  return { repository, path, lines: { first: line, last: end_line ?? line, old: old_side ?? false } };
}

export function commentAt({ repository, path, lines }: Place, text: string): ReviewComment {
  if (lines === null) return { repository, path, text };
  const { first, last, old } = lines;
  return { repository, path, line: first, ...(last > first ? { end_line: last } : {}), old_side: old, text };
}

export function sameLines(one: Lines | null, other: Lines | null): boolean {
  return one?.first === other?.first && one?.last === other?.last && one?.old === other?.old;
}

/** Lines as an address has them. */
export function linesAt({ line, end, side }: { line?: number; end?: number; side?: 'old' }): Lines | null {
  if (line === undefined) return null;
  return { first: line, last: Math.max(line, end ?? line), old: side === 'old' };
}

/** The same for the address. */
export function addressOf(lines: Lines | null): { line?: number; end?: number; side?: 'old' } {
  if (lines === null) return {};
  return { line: lines.first, ...(lines.last > lines.first ? { end: lines.last } : {}), ...(lines.old ? { side: 'old' as const } : {}) };
}

/** Lines as people write them: `7`, `7–9`, `7 as it was`. */
export function linesText(lines: Lines | null): string {
  if (lines === null) return 'the file';
  const range = lines.last > lines.first ? `lines ${lines.first}–${lines.last}` : `line ${lines.first}`;
  return lines.old ? `${range} as it was` : range;
}

const hunksOf = ({ content }: ChangedFile) => (content.content === 'text' ? content.hunks : []);
const number = (line: ChangedLine, old: boolean) => (old ? line.old : line.new);

/** The texts of a range; null unless all of it is shown. */
export function textsAt(file: ChangedFile, { first, last, old }: Lines): string[] | null {
  for (const { lines } of hunksOf(file)) {
    const within = lines.filter((line) => {
      const at = number(line, old);
      return at != null && at >= first && at <= last;
    });
    if (within.length === last - first + 1) return within.map(({ text }) => text);
  }
  return null;
}

/** Whether the diff shows the line below which a comment would stand. */
export function shows(file: ChangedFile, { last, old }: Lines): boolean {
  return hunksOf(file).some(({ lines }) => lines.some((line) => number(line, old) === last));
}

/** What changed in a file, run by run: the new lines, or the old ones where nothing came in their place. */
export function changesIn(file: ChangedFile): Lines[] {
  const runs: Lines[] = [];
  for (const { lines } of hunksOf(file)) {
    let run: ChangedLine[] = [];
    const end = () => {
      const added = run.filter(({ kind }) => kind === 'added');
      const old = added.length === 0;
      const numbers = (old ? run : added).flatMap((line) => number(line, old) ?? []);
      const [first, last] = [numbers[0], numbers.at(-1)];
      if (first !== undefined && last !== undefined) runs.push({ first, last, old });
      run = [];
    };
    for (const line of lines) {
      if (line.kind === 'context') end();
      else run.push(line);
    }
    end();
  }
  return runs;
}

/**
 * Where a line of a commit is after what changed since: by how many lines came and went before it. One that was changed
 * itself is where its change is.
 */
export function moved(line: number, since: ChangedFile | undefined): number {
  let shift = 0;
  for (const { old_start: start, lines } of since ? hunksOf(since) : []) {
    if (start > line) break;
    for (const { kind, old, new: now } of lines) {
      if (old === line) return kind === 'context' ? (now ?? line) : Math.max(1, line + shift);
      if (kind === 'added') shift += 1;
      if (kind === 'deleted') shift -= 1;
    }
  }
  return Math.max(1, line + shift);
}
