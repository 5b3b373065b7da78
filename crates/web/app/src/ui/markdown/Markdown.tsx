// Markdown as agents and people write it. It comes as a chunk of its own, so that no first paint waits for it; whoever has
// something to press below it puts both into one `Suspense`, and nothing moves when it comes.
import { type ReactNode, Suspense, lazy } from 'react';
import { AsWritten } from './AsWritten';

interface Props {
  text: string;
  className?: string;
}

/** Without the chunk a text is shown as it was written, rather than not at all. */
const Rendered = lazy(() =>
  import('./Rendered').then(
    ({ Rendered }) => ({ default: Rendered }),
    () => ({ default: AsWritten }),
  ),
);

export function Markdown(props: Props) {
  return <Rendered {...props} />;
}

/** A place with markdown in it, shown once all of it can be. */
export function Readable({ children, fallback }: { children: ReactNode; fallback: ReactNode }) {
  return <Suspense fallback={fallback}>{children}</Suspense>;
}
