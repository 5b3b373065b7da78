// Pieces of pages that show facts: a part with its name, and facts as pairs.
import type { ReactNode } from 'react';

export function Part({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-b border-line">
      <div className="flex min-h-9 items-center gap-3 px-4 pt-2">
        <h2 className="font-semibold">{title}</h2>
        {actions && <div className="ml-auto flex items-center gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[112px_minmax(0,1fr)] gap-x-2 gap-y-1 text-dense">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-faint">{name}</dt>
          <dd className="wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The looks of a link in running text. */
export const LINK = 'underline decoration-line-strong underline-offset-4 hover:decoration-fg max-desk:inline-flex max-desk:min-h-11 max-desk:min-w-11 max-desk:items-center';
