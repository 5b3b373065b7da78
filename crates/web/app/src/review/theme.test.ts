import { expect, it } from 'vitest';
import { PALETTES } from './theme';

type Colour = [number, number, number];

const of = (hex: string): Colour => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Colour;
const mixed = (one: Colour, other: Colour, share: number) => one.map((part, at) => part * (1 - share) + (other[at] ?? 0) * share) as Colour;

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Colour;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Colour, other: Colour): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

it('code is readable in both themes, on changed lines and changed words too', () => {
  for (const [theme, { canvas, added, deleted, ...inks }] of Object.entries(PALETTES)) {
    // As the diff view mixes them: the line first, then the word on it.
    const [line, word] = theme === 'light' ? [0.12, 0.15] : [0.2, 0.2];
    const grounds = [of(canvas), ...[added, deleted].flatMap((hue) => {
      const ground = mixed(of(canvas), of(hue), line);
      return [ground, mixed(ground, of(hue), word)];
    })];
    for (const [name, ink] of Object.entries(inks))
      for (const ground of grounds) expect(contrast(of(ink), ground), `${theme} ${name}`).toBeGreaterThan(4.5);
  }
});
