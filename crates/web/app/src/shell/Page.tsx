// A page: its header, and its content beside the inspector, which is the one place where details are shown.
import { type ReactNode, useEffect } from 'react';

interface Props {
  /** What stands in the window's title. */
  name: string;
  title: ReactNode;
  actions?: ReactNode;
  /** What the inspector shows, if something is chosen. */
  inspector?: ReactNode;
  children: ReactNode;
}

export function Page({ name, title, actions, inspector, children }: Props) {
  useEffect(() => {
    document.title = `${name} · Team6`;
  }, [name]);
  return (
    <div className="flex h-full flex-col">
      <header className="flex min-h-(--bar) shrink-0 items-center gap-3 border-b border-line px-4 max-desk:flex-wrap max-desk:gap-y-1 max-desk:py-1">
        {title}
        {actions && <div className="ml-auto flex items-center gap-2">{actions}</div>}
      </header>
      <div className="flex min-h-0 flex-1">
        <div className="flex min-w-0 flex-1 flex-col">{children}</div>
        {inspector}
      </div>
    </div>
  );
}
