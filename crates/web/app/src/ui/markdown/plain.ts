// What a text may not do to the page around it, whatever shows it.

/** How much of a text is drawn. */
export const MOST = 40_000;

/** Marks that turn the direction of what follows, by which a text can look like another one. */
export const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Control characters but tab and line feed. Terminal colours are read before, where they mean something. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A text without what would disturb the page: bounded, in reading order, and without control characters. */
export function plain(text: string): string {
  const cut = text.length <= MOST ? text : `${text.slice(0, MOST)}\n\n… ${text.length - MOST} more characters`;
  return cut.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(TURNING, '').replace(CONTROL, '');
}

/** How deep lists and quotations may be nested in what is rendered: deeper ones take time without end. */
const DEEPEST = 24;
/** How many marks that open something may stand in one paragraph. */
const MARKS = 2_000;

/** Whether a text can be read as markdown in bounded time; one that is made to take long is shown as it was written. */
export function isReadable(text: string): boolean {
  for (const block of text.split(/\n{2,}/)) {
    if ((block.match(/[[\]*_~`<|]/g)?.length ?? 0) > MARKS) return false;
  }
  return !text.split('\n').some((line) => depth(line) > DEEPEST);
}

function depth(line: string): number {
  const before = /^[\s>*+\-\d.)]*/.exec(line)?.[0] ?? '';
  const marks = before.match(/>|[*+-]\s|\d+[.)]\s/g)?.length ?? 0;
  return Math.max(marks, Math.floor((/^\s*/.exec(line)?.[0].length ?? 0) / 4));
}
