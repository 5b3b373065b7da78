// What a task changes in each repository, and the way to its review.
import { Link } from '@tanstack/react-router';
import type { TaskDetail } from '../api/generated/team6.schemas';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { Changes } from '../wait/Changes';
import { ToPlan } from './ToPlan';

export function ChangesOfTask({ detail }: { detail: TaskDetail }) {
  const { id } = detail.task;
  if (detail.pull_requests.length === 0)
    return (
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Empty title="Nothing is delivered yet" command={`team6 task diff ${id}`} action={<ToPlan task={id} />}>
          What its agent changes comes here with its first delivery.
        </Empty>
      </div>
    );
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="flex max-w-[900px] flex-col items-start gap-4 px-4 py-4 *:w-full">
        <p>
          {/* The page of the review is a place of its own. */}
          <Link to="/tasks/$task/review" params={{ task: id }} className={buttonClass('act')}>
            Review line by line
          </Link>
        </p>
        <Changes detail={detail} />
      </div>
    </div>
  );
}
