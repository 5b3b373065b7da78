// How the app is built: `npm run build` writes `dist/`, which the crate around this folder embeds. `npm run dev` serves
// the sources against a running server: TEAM6_URL and TEAM6_TOKEN_FILE say which (CONTRIBUTING.md).
import { readFileSync } from 'node:fs';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin, ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';
import { fewGrammars } from './grammars.ts';

/** The fonts of the first paint are asked for before the style sheet that names them is read. */
function preloadFonts(): Plugin {
  const first = /(geist|jetbrains-mono)-latin-wght-normal.*\.woff2$/;
  return {
    name: 'preload-fonts',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) =>
        Object.keys(bundle ?? {})
          .filter((file) => first.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${file}`, crossorigin: '' },
            injectTo: 'head' as const,
          })),
    },
  };
}

function server(): ProxyOptions {
  const target = process.env.TEAM6_URL ?? 'http://127.0.0.1:7766';
  const file = process.env.TEAM6_TOKEN_FILE;
  const shown = file ? { authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` } : {};
  // The server answers pages of its own origin only.
  return { target, changeOrigin: true, headers: { origin: target, ...shown } };
}

/**
 * What every page needs and what seldom changes is one chunk: it packs better, and browsers keep it over releases. What
 * of these libraries only some pages need goes with them.
 */
const FRAME = /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/](?!.*(queriesObserver|infiniteQueryObserver|useQueries|useInfiniteQuery))/;

export default defineConfig({
  plugins: [react(), tailwindcss(), preloadFonts(), fewGrammars('page')],
  worker: { format: 'es', plugins: () => [fewGrammars('worker')] },
  server: { proxy: { '/api': server() } },
  preview: { proxy: { '/api': server() } },
  build: {
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    // Browsers of the target preload modules themselves.
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'frame', test: FRAME }] } } },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node', testTimeout: 10_000 },
});
