import type { Check } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { Writes } from '../wait/Writes';

interface Props {
  checks: readonly Check[];
  busy: boolean;
  onRemove: (check: Check) => void;
}

/** Checks in the order in which they are run. */
export function CheckRows({ checks, busy, onRemove }: Props) {
  return (
    <ol className="mt-1">
      {checks.map((check) => (
        <li key={check.name} className="flex items-center gap-3 border-b border-line py-1">
          <span className="min-w-0 flex-1">
            <span className="font-medium">{check.name}</span>{' '}
            <span className="text-dense text-faint">
              up to {check.seconds} s{check.together?.length ? `, over ${check.together.join(' and ')}` : ''}
            </span>
            <code className="block font-mono text-dense wrap-anywhere text-muted">{check.command}</code>
          </span>
          <Writes>
            <Button look="quiet" aria-label={`Remove ${check.name}`} disabled={busy} onClick={() => onRemove(check)}>
              Remove
            </Button>
          </Writes>
        </li>
      ))}
    </ol>
  );
}
