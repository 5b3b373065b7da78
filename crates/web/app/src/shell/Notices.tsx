import { Suspense, lazy } from 'react';
import { useToasts } from '../ui/toasts';

const Toaster = lazy(() => import('../ui/Toaster').then(({ Toaster }) => ({ default: Toaster })));

/** Where notices appear. It is there from the start, so that screen readers tell what comes into it. */
export function Notices() {
  const some = useToasts().length > 0;
  return (
    <div
      role="region"
      aria-label="Notices"
      aria-live="polite"
      className="fixed right-3 bottom-[calc(12px+var(--foot))] z-40 w-[min(360px,calc(100vw-24px))]"
    >
      <Suspense>{some && <Toaster />}</Suspense>
    </div>
  );
}
