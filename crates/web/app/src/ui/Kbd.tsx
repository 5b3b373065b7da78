import { cx } from './cx';

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

/** A key or a chord, such as `Mod+K` or `g i`. Beside what it does it is left out where there is little room. */
export function Kbd({ keys, always = false }: { keys: string; always?: boolean }) {
  const shown = keys.replace('Mod', isMac ? '⌘' : 'Ctrl');
  return (
    <kbd className={cx('rounded-sm border border-line px-1 font-mono text-meta text-faint', !always && 'max-desk:hidden')}>{shown}</kbd>
  );
}
