// What a browser has to load, as it was built: for the first paint, for any page, and in all.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';

const DIST = resolve(import.meta.dirname, '../dist');
const KB = 1000;
const ENTRY = 120 * KB;
const ROUTE = 250 * KB;
/** With the colours of diffs, which a page of a review does without until they are there. */
const COLOURS = 300 * KB;
const ofColours = (name: string) => /\/(?:core|shiki)-/.test(name);
const WHOLE = 3000 * KB;

const assets = () => readdirSync(join(DIST, 'assets')).map((name) => `assets/${name}`);
const gzipped = (name: string) => gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length;
const sum = (names: Iterable<string>) => [...names].reduce((all, name) => all + gzipped(name), 0);

/** The chunks that one needs before it runs, itself among them. */
function needs(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = readFileSync(join(DIST, name), 'utf8');
  for (const [, other] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) needs(`assets/${other}`, seen);
  return seen;
}

/** The part of the app that a file is of: `Graph` of `assets/Graph-CNpOQfzA.css`. */
const partOf = (name: string) => /\/([^-]+)/.exec(name)?.[1];

/** What the page itself asks for: its scripts with all that they need, and its styles. */
function entry(): Set<string> {
  const page = readFileSync(join(DIST, 'index.html'), 'utf8');
  const asked = [...page.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, name]) => name ?? '');
  const scripts = asked.filter((name) => name.startsWith('assets/') && name.endsWith('.js'));
  return new Set([...asked, ...scripts.flatMap((name) => [...needs(name)])]);
}

test('the scripts of the first paint are less than 120 kB, any page is less than 250 with its styles, and all of it is less than 3 MB', () => {
  const first = entry();
  const scripts = [...first].filter((name) => name.endsWith('.js'));
  const rows: [string, number, number][] = [
    ['scripts of the first paint', sum(scripts), ENTRY],
    ['first paint with its styles', sum(first), ROUTE],
  ];
  for (const name of assets().filter((name) => name.endsWith('.js') && !first.has(name))) {
    const styles = assets().filter((style) => style.endsWith('.css') && partOf(style) === partOf(name));
    rows.push([name, sum(new Set([...first, ...needs(name), ...styles])), ofColours(name) ? COLOURS : ROUTE]);
  }
  const packed = (name: string) => {
    const content = readFileSync(join(DIST, name));
    const small = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    return Math.min(small.length, content.length);
  };
  rows.push(['all of it, brotli', assets().reduce((all, name) => all + packed(name), 0), WHOLE]);
  rows.sort(([, one], [, other]) => other - one);
  console.log(rows.slice(0, 8).map(([name, size]) => `${(size / KB).toFixed(1).padStart(8)} kB  ${name}`).join('\n'));
  expect(rows.filter(([, size, most]) => size >= most).map(([name]) => name)).toEqual([]);
});
