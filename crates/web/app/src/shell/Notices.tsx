import './notices.css';
import { Suspense, lazy } from 'react';
import { part } from '../ui/part';
import { useToasts } from '../ui/toasts';

export const loadToaster = () => part(() => import('../ui/Toaster')).then(({ Toaster }) => ({ default: Toaster }));
const Toaster = lazy(loadToaster);

/** Where notices appear, beside whatever has buttons at its foot. It is there from the start, so that screen readers tell what comes into it. */
export function Notices() {
  const some = useToasts().length > 0;
  return (
    <div
      role="region"
      aria-label="Notices"
      aria-live="polite"
      className="notices"
    >
      <Suspense>{some && <Toaster />}</Suspense>
    </div>
  );
}
