// Output of commands as terminals colour it. Escape sequences are read or dropped, and never reach the page.

export interface Span {
  text: string;
  className: string;
}

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([0-9;:]*)m|\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// Characters without a shape, and those which turn the direction of text and so hide what is run.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const COLOURS: Record<number, string> = {
  31: 'text-st-failed',
  91: 'text-st-failed',
  32: 'text-st-done',
  92: 'text-st-done',
  33: 'text-st-blocked',
  93: 'text-st-blocked',
  34: 'text-st-progress',
  94: 'text-st-progress',
  35: 'text-st-review',
  95: 'text-st-review',
  36: 'text-st-progress',
  96: 'text-st-progress',
  90: 'text-faint',
};

export function ansiSpans(text: string): Span[] {
  const spans: Span[] = [];
  let colour = '';
  let bold = false;
  let from = 0;
  const push = (piece: string) => {
    const shown = piece.replace(/\r\n/g, '\n').replace(UNSEEN, '');
    if (shown !== '') spans.push({ text: shown, className: [colour, bold ? 'font-semibold' : ''].filter(Boolean).join(' ') });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    push(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] === undefined) continue;
    for (const code of match[1].split(/[;:]/).map(Number)) {
      if (code === 0) [colour, bold] = ['', false];
      else if (code === 1) bold = true;
      else if (code === 22) bold = false;
      else if (code === 39) colour = '';
      else colour = COLOURS[code] ?? colour;
    }
  }
  push(text.slice(from));
  return spans;
}
