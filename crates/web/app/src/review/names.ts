// Names and lines of repositories as they can be shown: what would break a line, or turn the direction of a text so that
// something else is read than what is there, is written out.
import { TURNING } from '../ui/markdown/plain';

// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;
/** How much of a line is shown: nobody reads more, and browsers lay it out for seconds. */
export const LONGEST = 2_000;

const code = (character: string) => character.charCodeAt(0).toString(16).padStart(4, '0');

/** A path, on one line. */
export function shown(path: string): string {
  return path.replace(UNSEEN, (character) => (character === '\n' ? '\\n' : `\\u${code(character)}`)).replace(TURNING, written);
}

/** A line of a file. */
export function shownLine(text: string): string {
  const line = text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} … ${text.length - LONGEST} more characters`;
  return straight(line);
}

/** A text of any length, read in the order in which it is written. */
export function straight(text: string): string {
  return text.replace(TURNING, written);
}

function written(character: string): string {
  return `⟨U+${code(character).toUpperCase()}⟩`;
}
