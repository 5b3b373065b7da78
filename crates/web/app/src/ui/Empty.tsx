// A page without content teaches: what comes here, the next thing to do, and the same on the command line.
import type { ReactNode } from 'react';

interface Props {
  title: string;
  children?: ReactNode;
  /** The same on the command line. */
  command: string;
  /** The one thing to do next. */
  action: ReactNode;
}

export function Empty({ title, children, command, action }: Props) {
  return (
    <section className="mx-auto flex max-w-[46ch] flex-col items-start gap-3 px-4 py-12" aria-label={title}>
      <h2 className="text-large font-semibold">{title}</h2>
      {children && <p className="text-muted">{children}</p>}
      {action}
      <p className="text-dense text-faint">
        On the command line: <code className="font-mono text-muted">{command}</code>
      </p>
    </section>
  );
}
