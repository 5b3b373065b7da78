import { Link } from '@tanstack/react-router';
import type { TaskId } from '../api/generated/team6.schemas';
import { buttonClass } from '../ui/Button';

/** Where somebody goes who finds that nothing of a task has happened yet. */
export function ToPlan({ task }: { task: TaskId }) {
  return (
    <Link to="/tasks/$task" params={{ task }} search={{ tab: 'plan' }} className={buttonClass('plain')}>
      See what is planned
    </Link>
  );
}
