// Views of the same thing, each with an address of its own.
import { type ReactNode, useEffect, useRef } from 'react';

interface Props<T extends string> {
  label: string;
  tabs: readonly T[];
  current: T;
  link: (tab: T, className: string, children: ReactNode) => ReactNode;
}

export function Tabs<T extends string>({ label, tabs, current, link }: Props<T>) {
  // Where there is no room for all of them, the one that is shown is in sight.
  const shown = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // Browsers answer with a promise here, which an effect must not.
    shown.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <ul aria-label={label} className="flex gap-1">
      {tabs.map((tab) => (
        <li key={tab} ref={tab === current ? shown : undefined}>
          {link(
            tab,
            `-mb-px flex h-9 items-center border-b-2 px-2 capitalize max-desk:h-11 ${
              tab === current ? 'border-fg font-medium text-fg' : 'border-transparent text-muted hover:text-fg'
            }`,
            <>
              {tab}
              {tab === current && <span className="sr-only"> (shown)</span>}
            </>,
          )}
        </li>
      ))}
    </ul>
  );
}
