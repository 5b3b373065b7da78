// The languages whose lines are coloured. Each is a chunk of its own, loaded when a file of it is shown; the build leaves
// out every other grammar (grammars.ts).
export const LANGUAGES = [
  'c',
  'cpp',
  'csharp',
  'css',
  'dart',
  'diff',
  'docker',
  'dockerfile',
  'elixir',
  'go',
  'graphql',
  'haskell',
  'hcl',
  'html',
  'ini',
  'java',
  'javascript',
  'json',
  'jsonc',
  'jsx',
  'kotlin',
  'lua',
  'make',
  'makefile',
  'markdown',
  'nix',
  'php',
  'protobuf',
  'python',
  'rust',
  'scala',
  'scss',
  'shellscript',
  'sql',
  'svelte',
  'swift',
  'toml',
  'tsx',
  'typescript',
  'vue',
  'xml',
  'yaml',
  'zig',
  'zsh',
] as const;

const KNOWN: ReadonlySet<string> = new Set(LANGUAGES);

/** The language if its lines can be coloured, otherwise plain text. */
export function colourable(language: string): string {
  return KNOWN.has(language) ? language : 'text';
}
