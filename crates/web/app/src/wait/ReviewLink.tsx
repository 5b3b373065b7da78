import { Link } from '@tanstack/react-router';
import type { TaskId } from '../api/generated/team6.schemas';
import { buttonClass } from '../ui/Button';

/** The way to the page where a delivery is reviewed line by line. */
export function ReviewLink({ task }: { task: TaskId }) {
  return (
    <Link to="/tasks/$task/review" params={{ task }} className={`self-start ${buttonClass('plain')}`}>
      Review line by line
    </Link>
  );
}
