import type { Noted } from '../api/generated/team6.schemas';
import { shown } from '../review/names';
import { StatusMark } from '../ui/StatusMark';

/** Where a delivery wants a closer look, before it is decided on. */
export function Risks({ of }: { of: readonly Noted[] }) {
  return of.map(({ text, weight }) => (
    <p key={text} className="flex gap-2 break-words">
      <StatusMark status={weight === 'high' ? 'failed' : 'blocked'} label={weight} className="mt-0.75" />
      <span className="min-w-0">{shown(text)}</span>
    </p>
  ));
}
