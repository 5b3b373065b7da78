import { StatusMark } from '../ui/StatusMark';
import { type Merges, conflictsOf } from './merges';

/** A mark at a task whose open branch conflicts, which names with what. */
export function ConflictMark({ merges, task, className }: { merges: Merges; task: number; className?: string }) {
  const lines = conflictsOf(merges, task);
  if (lines.length === 0) return null;
  return (
    <span title={lines.join('\n')} className={className}>
      <StatusMark status="blocked" label={lines.join('; ')} size={13} />
    </span>
  );
}
