// Keeps the build small: of the grammars, themes and engines that come with the diff view only those are packed that the
// app colours by. Workers get what they need from the page, and so have none of their own.
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { LANGUAGES } from './src/review/languages.ts';

const EMPTY = '\0nothing';
const CHOSEN = '\0grammars';
/** Tables that nothing is looked up in: no diff and no text of an agent has elements of SVG, or is written with named characters. */
const TABLES: Record<string, string> = {
  '\0no-svg': "export const svg = { property: {}, normal: {}, space: 'svg' };",
  '\0no-names': 'export const characterEntitiesHtml4 = {};',
};
const UNUSED = new Set([
  'shiki/wasm',
  'shiki/engine/oniguruma',
  '@pierre/highlights',
  '@pierre/highlights/themes',
  '@pierre/highlights/themes/loader',
  '@pierre/theming/themes',
]);

/** Parts of the diff view for editing, merging, files without a diff and its own icons, of which nothing is used. */
const IDLE =
  /@pierre\/diffs\/dist\/(?:sprite|components\/(?:Virtualized)?File|renderers\/FileRenderer|utils\/(?:editSessionHunks|updateDiffHunks|hydratePartialDiff|parseMergeConflictDiffFromFile|parseDiffFromFile))\.js$/;

/** `page` has the grammars, a worker has none. */
export function fewGrammars(of: 'page' | 'worker'): Plugin {
  return {
    name: 'few-grammars',
    enforce: 'pre',
    resolveId: (id, importer) => {
      if (id === 'shiki/langs') return of === 'page' ? CHOSEN : EMPTY;
      if (/lib\/svg\.js$/.test(id) && importer?.includes('property-information')) return '\0no-svg';
      if (id === 'character-entities-html4') return '\0no-names';
      // The other way of colouring, which is never asked for.
      if (/backends\/highlights\.js$|\/highlights-\w+\.js$/.test(id) && importer?.includes('@pierre')) return EMPTY;
      return UNUSED.has(id) ? EMPTY : null;
    },
    load: (id) => {
      if (id === EMPTY) return 'export const bundledLanguages = {}, themes = {}, HighlightsHighlighter = null; export default {};';
      if (id in TABLES) return TABLES[id];
      if (IDLE.test(id)) return idle(readFileSync(id, 'utf8'));
      if (id !== CHOSEN) return null;
      const each = LANGUAGES.map((name) => `${JSON.stringify(name)}: () => import('@shikijs/langs/${name}')`);
      return `export const bundledLanguages = { ${each.join(', ')} };`;
    },
  };
}

/** A module with the same names, none of which does anything. */
function idle(source: string): string {
  const names = /^export \{([^}]*)\};/m.exec(source)?.[1]?.split(',') ?? [];
  const nothing = (name: string) => (/Sheet$/.test(name) ? "''" : /^[A-Z]/.test(name) ? 'class {}' : '() => undefined');
  return names.map((name) => `export const ${name.trim()} = ${nothing(name.trim())};`).join('\n');
}
