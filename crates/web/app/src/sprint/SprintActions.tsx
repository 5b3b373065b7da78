// What a person may do with a whole sprint.
import { Link } from '@tanstack/react-router';
import { cancelSprint, pauseSprint, resumeSprint } from '../api/generated/team6';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button, buttonClass } from '../ui/Button';
import { Sure } from '../ui/Sure';
import { Writes } from '../wait/Writes';

export function SprintActions({ detail }: { detail: SprintDetail }) {
  const { id, phase, paused, counts } = detail.sprint;
  const resume = useCommand({ run: (_: void, options) => resumeSprint(id, {}, options), done: 'Going on' });
  const pause = useCommand({
    run: (_: void, options) => pauseSprint(id, {}, options),
    done: 'Paused; what agents did is kept',
    undo: () => resume.mutate(),
  });
  const cancel = useCommand({ run: (_: void, options) => cancelSprint(id, {}, options), done: 'Sprint given up' });
  if (phase === 'finished' || phase === 'cancelled') return null;
  const open = counts.tasks - counts.done - counts.cancelled;
  return (
    <Writes>
      {phase === 'running' && (
        <Link
          to="/plan/$sprint/$step"
          params={{ sprint: id, step: 'tasks' }}
          search={{ add: true }}
          className={buttonClass('quiet')}
        >
          Add a task
        </Link>
      )}
      <Link to="/plan/$sprint" params={{ sprint: id }} className={buttonClass('plain')}>
        Plan
      </Link>
      {paused ? (
        <Button look="act" disabled={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      ) : (
        <Button disabled={pause.isPending} onClick={() => pause.mutate()}>
          Pause
        </Button>
      )}
      <Sure
        verb="Give up"
        effect={`${open} open ${open === 1 ? 'task ends' : 'tasks end'}, agents stop. What was merged stays merged.`}
        busy={cancel.isPending}
        onSure={() => cancel.mutate()}
      />
    </Writes>
  );
}
