// What two people changed differently at once, side by side. Until somebody chooses, the other's is what is saved, and
// the own text stays where it was written.
import { Button } from '../ui/Button';
import type { Draft } from './draft';
import { type Conflict, valueOf } from './merge';
import { FIELDS, type Plan, type Task, taskAt } from './model';
import { textOf } from './Pieces';

export function Conflicts({ draft }: { draft: Draft }) {
  if (draft.conflicts.length === 0) return <p className="p-4 text-muted">No conflict is left.</p>;
  return (
    <ul aria-label="Conflicts">
      {draft.conflicts.map((conflict) => (
        <li key={`${conflict.key}.${conflict.field}`} className="border-b border-line px-4 py-3">
          <p className="mb-2 font-medium break-words">{nameOf(conflict, draft.plan)}</p>
          <Side who="You" value={shown(valueOf(draft.plan, conflict), draft.plan)}>
            <Button onClick={() => draft.resolve(conflict, 'mine')}>Keep yours</Button>
          </Side>
          <Side who={conflict.by} value={shown(conflict.theirs, draft.plan)}>
            <Button onClick={() => draft.resolve(conflict, 'theirs')}>Take {conflict.by}'s</Button>
          </Side>
        </li>
      ))}
    </ul>
  );
}

function Side({ who, value, children }: { who: string; value: string; children: React.ReactNode }) {
  return (
    <section aria-label={who} className="mb-2 border-l border-line-strong pl-3">
      <p className="text-dense text-faint">{who}</p>
      <p className="mb-1 max-h-40 overflow-y-auto break-words whitespace-pre-wrap" tabIndex={0}>
        {value}
      </p>
      {children}
    </section>
  );
}

function nameOf({ key, field, theirs }: Conflict, plan: Plan): string {
  if (key === null) return 'The PRD';
  const title = taskAt(plan, key)?.title ?? (theirs as Task | null)?.title ?? key;
  return field === 'task' ? title : `${FIELDS.find((each) => each.field === field)?.name ?? field} of ${title}`;
}

function shown(value: unknown, plan: Plan): string {
  if (value === null) return 'Nothing';
  if (typeof value === 'object' && !Array.isArray(value)) return `The task "${(value as Task).title}"`;
  return textOf(value, plan) || 'Nothing';
}
