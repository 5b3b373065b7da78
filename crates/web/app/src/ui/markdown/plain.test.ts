import { expect, it } from 'vitest';
import { MOST, isReadable, plain } from './plain';
import { targetOf } from './target';

it('a text loses what would disturb the page, and nothing else', () => {
  expect(plain('a\tb\nc')).toBe('a\tb\nc');
  expect(plain('\u001b[31mred\u001b[0m \u0007bell')).toBe('red bell');
  expect(plain('pay \u202eeveb\u202c')).toBe('pay eveb');
  expect(plain('x'.repeat(MOST + 5))).toContain('5 more characters');
});

it('what is made to take long is not read as markdown', () => {
  expect(isReadable('# A plan\n\n- one\n  - two\n\n> said')).toBe(true);
  expect(isReadable('>'.repeat(5_000))).toBe(false);
  expect(isReadable('- '.repeat(100))).toBe(false);
  expect(isReadable('['.repeat(20_000))).toBe(false);
  expect(isReadable('*a '.repeat(10_000))).toBe(false);
});

it('a link leads to the web or to mail, and says where', () => {
  expect(targetOf('https://example.org/a?b')?.shown).toBe('example.org/a?b');
  expect(targetOf('mailto:ada@example.org')?.shown).toBe('ada@example.org');
  for (const no of ['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'vbscript:x', '//evil.example', '/sign-out', '#a', 'file:///etc/passwd'])
    expect(targetOf(no), no).toBeNull();
  // What looks like one host is another.
  expect(targetOf('https://github.com@evil.example/')).toBeNull();
});
