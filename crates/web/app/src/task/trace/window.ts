// Which rows of a long list are to be drawn. All rows have the same height, so this is a formula, and costs the same for
// a hundred rows and for a hundred thousand.

export interface Window {
  /** The first row that is drawn. */
  from: number;
  /** The row after the last one. */
  to: number;
}

/** Rows beyond the edges, so that a quick scroll shows no blanks. */
const BEYOND = 12;

export function windowOf(scrollTop: number, height: number, row: number, count: number): Window {
  const first = Math.floor(scrollTop / row);
  const many = Math.ceil(height / row) + 1;
  const from = Math.max(0, Math.min(first - BEYOND, count));
  return { from, to: Math.min(count, Math.max(from, first + many + BEYOND)) };
}

/** Whether a list is scrolled to its end, as far as anybody can see. */
export function isAtEnd(scrollTop: number, height: number, row: number, count: number): boolean {
  return scrollTop + height >= count * row - row / 2;
}

/** The last of so many places at which something holds that holds at all before it too; -1 if it holds at none. */
export function lastWhere(count: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
