// Whether the colours can be read, and told apart by people who see colours otherwise.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Rgb = [number, number, number];
const THEMES = ['dark', 'light'] as const;
const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokens(theme: string): Map<string, Rgb> {
  const block = css.split('}').find((part) => part.includes(`[data-theme='${theme}']`)) ?? '';
  return new Map(
    [...block.matchAll(/--([\w-]+):\s*oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)|--([\w-]+):\s*oklch\(([\d.]+) (0) (0)\)/g)].map((m) => [
      m[1] ?? m[5] ?? '',
      linear(Number(m[2] ?? m[6]), Number(m[3] ?? 0), Number(m[4] ?? 0)),
    ]),
  );
}

/** OKLCH as linear sRGB, by Björn Ottosson's definition. */
function linear(L: number, C: number, H: number): Rgb {
  const [a, b] = [C * Math.cos((H * Math.PI) / 180), C * Math.sin((H * Math.PI) / 180)];
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const contrast = (one: Rgb, other: Rgb) => {
  const light = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [high, low] = [Math.max(light(one), light(other)), Math.min(light(one), light(other))];
  return (high + 0.05) / (low + 0.05);
};

/** Machado, Oliveira and Fernandes (2009), at full strength, on linear sRGB. */
const EYES: Record<string, number[][]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function seen(eyes: string, [r, g, b]: Rgb): Rgb {
  const row = (m: number[] = []) => Math.min(1, Math.max(0, (m[0] ?? 0) * r + (m[1] ?? 0) * g + (m[2] ?? 0) * b));
  const [x, y, z] = EYES[eyes] ?? [];
  return [row(x), row(y), row(z)];
}

const distance = (one: Rgb, other: Rgb) => {
  const [a, b] = [oklab(one), oklab(other)];
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
};

describe.each(THEMES)('in the %s theme', (theme) => {
  const all = tokens(theme);
  const of = (name: string): Rgb => {
    const colour = all.get(name);
    if (!colour) throw new Error(`there is no token ${name} in ${theme}`);
    return colour;
  };
  const statuses = [...all.keys()].filter((name) => name.startsWith('st-'));

  it('every text and status can be read on every ground', () => {
    const grounds = ['canvas', 'sunken', 'surface', 'raised', 'hover'];
    for (const text of ['fg', 'muted', 'faint', ...statuses])
      for (const ground of grounds)
        expect(contrast(of(text), of(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('accent-fg'), of('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('fg'), of('accent-soft'))).toBeGreaterThanOrEqual(4.5);
  });

  it('lines that mark a control are seen', () => {
    for (const ground of ['canvas', 'surface'])
      expect(contrast(of('line-strong'), of(ground)), ground).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.keys(EYES))('statuses are told apart by %s eyes', (eyes) => {
    expect(statuses).toHaveLength(6);
    for (const one of statuses)
      for (const other of statuses)
        if (one < other) {
          const apart = distance(seen(eyes, of(one)), seen(eyes, of(other)));
          expect(apart, `${one} and ${other}`).toBeGreaterThanOrEqual(8);
        }
  });
});
