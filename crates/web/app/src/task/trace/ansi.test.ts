import { expect, it } from 'vitest';
import { ansiSpans } from './ansi';

const text = (from: string) => ansiSpans(from).map((span) => span.text).join('');

it('colours become classes, and end where they end', () => {
  expect(ansiSpans('\u001b[1;31mbad\u001b[0m good')).toEqual([
    { text: 'bad', className: 'text-st-failed font-semibold' },
    { text: ' good', className: '' },
  ]);
});

it.each([
  ['a title of the window', '\u001b]0;owned\u0007shown', 'shown'],
  ['a link', '\u001b]8;;javascript:alert(1)\u001b\\click\u001b]8;;\u001b\\', 'click'],
  ['moves of the cursor', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
  ['characters that turn the direction of text', 'rm \u202etxt.exe', 'rm txt.exe'],
  ['a backspace', 'ab\u0008c', 'abc'],
  ['markup, which stays text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
])('%s does nothing', (_what, from, shown) => {
  expect(text(from)).toBe(shown);
});
