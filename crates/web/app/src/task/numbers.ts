/** The looks of a link to one of several attempts, by its number. */
export const NUMBER =
  'inline-flex h-6 min-w-6 items-center justify-center rounded-sm border border-line px-1.5 font-mono text-muted hover:bg-hover aria-[current]:border-line-strong aria-[current]:bg-raised aria-[current]:text-fg pointer-coarse:h-11 pointer-coarse:min-w-11';
