// @vitest-environment node
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Rendered } from './Rendered';

const html = (text: string) => renderToStaticMarkup(<Rendered text={text} />);

it('lists, tables and code become elements', () => {
  const shown = html('# Title\n\n- **one**\n- [x] two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls\n```');
  for (const part of ['<h3>Title</h3>', '<strong>one</strong>', 'aria-label="done"', '<td>1</td>', 'aria-label="Code"'])
    expect(shown).toContain(part);
});

it('markup in a text stays text', () => {
  for (const attack of [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<style>*{display:none}</style>',
    '<form action="https://evil.example"><input name=token></form>',
  ]) {
    const shown = html(`before\n\n${attack}\n\nafter ${attack}`);
    expect(shown, attack).not.toMatch(/<(script|img|svg|iframe|style|form|input|object|embed|link|meta|base)\b/i);
    expect(shown, attack).toContain('&lt;');
  }
});

it('a link shows its target, and one that would run something is only words', () => {
  expect(html('[here](https://example.org/x)')).toMatch(/href="https:\/\/example.org\/x".*rel="noopener noreferrer nofollow".*\(example.org\/x\)/);
  for (const no of ['[a](javascript:alert(1))', '[a](JaVaScRiPt:alert(1))', '[a](data:text/html;base64,PHM+)', '[a](/sprints)', '<javascript:alert(1)>'])
    expect(html(no), no).not.toContain('href');
});

it('a picture is named and not loaded', () => {
  const shown = html('![a cat](https://evil.example/pixel.png)');
  expect(shown).not.toContain('<img');
  expect(shown).toContain('picture “a cat”, not loaded');
});

it('what is made to take long is shown as it was written, soon', () => {
  const begun = Date.now();
  for (const long of ['>'.repeat(30_000), '['.repeat(30_000), '*a_ '.repeat(9_000), '| a '.repeat(5_000), '`'.repeat(20_001), `${'  '.repeat(9_000)}- x`, '![['.repeat(9_000)])
    expect(html(long)).toBeTruthy();
  expect(Date.now() - begun).toBeLessThan(5_000);
});
