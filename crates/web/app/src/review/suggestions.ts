// Changes that a comment proposes: blocks that say how its lines should read. Pure.

export type Part = { is: 'text'; text: string } | { is: 'change'; lines: string[] };

const OPENS = /^(`{3,}|~{3,})suggestion[ \t]*$/;

/** A comment in its parts. A block that does not end is text. */
export function partsOf(comment: string): Part[] {
  const lines = comment.split('\n');
  const parts: Part[] = [];
  let text: string[] = [];
  const endText = () => {
    const joined = text.join('\n').trim();
    if (joined !== '') parts.push({ is: 'text', text: joined });
    text = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const fence = OPENS.exec(line)?.[1];
    const end = fence === undefined ? -1 : lines.findIndex((each, place) => place > at && each.trimEnd() === fence);
    if (end < 0) {
      text.push(line);
      continue;
    }
    endText();
    parts.push({ is: 'change', lines: lines.slice(at + 1, end) });
    at = end;
  }
  endText();
  return parts;
}

/** A block that proposes lines, to be changed where it stands. Its fence is longer than any within. */
export function suggestion(lines: readonly string[]): string {
  const longest = lines.reduce((most, line) => Math.max(most, /^`*/.exec(line)?.[0].length ?? 0), 2);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}suggestion`, ...lines, fence].join('\n');
}
