import type { ReactNode } from 'react';
import { useLostSince } from '../live/connection';

/** What changes something. It rests while the connection is lost, and what was written in it stays. */
export function Writes({ children }: { children: ReactNode }) {
  return (
    <fieldset disabled={useLostSince() !== null} className="contents">
      {children}
    </fieldset>
  );
}
