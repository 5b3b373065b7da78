const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

/** A key or a chord, such as `Mod+K` or `g i`. */
export function Kbd({ keys }: { keys: string }) {
  const shown = keys.replace('Mod', isMac ? '⌘' : 'Ctrl');
  return (
    <kbd className="rounded-sm border border-line px-1 font-mono text-meta text-faint max-desk:hidden">{shown}</kbd>
  );
}
