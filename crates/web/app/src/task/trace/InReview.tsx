import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FileDiff, PullRequestItem, TaskDetail } from '../../api/generated/team6.schemas';
import { changes } from '../../api/queries';
import { isOf, lineOf } from './hunk';

/** The way from an edit to where it stands in an open review. */
export function InReview({ detail, diff }: { detail: TaskDetail; diff: FileDiff }) {
  const open = detail.pull_requests.filter(({ state }) => state === 'open');
  return open.map((pull) => <InRepository key={pull.repository} detail={detail} pull={pull} diff={diff} />);
}

function InRepository({ detail, pull, diff }: { detail: TaskDetail; pull: PullRequestItem; diff: FileDiff }) {
  const { data } = useQuery(changes(detail.task.id, pull.repository, pull.head));
  const file = data?.files.find((each) => isOf(diff, pull.repository, each));
  if (file?.new == null) return null;
  const line = lineOf(diff, file);
  return (
    <Link
      to="/tasks/$task/review"
      params={{ task: detail.task.id }}
      search={{ repository: pull.repository, file: file.new, ...(line === undefined ? {} : { line }) }}
      className="inline-flex min-h-6 items-center self-start underline decoration-line-strong underline-offset-4 hover:text-fg pointer-coarse:min-h-11"
    >
      {line === undefined ? 'In the review' : `Line ${line} in the review`}
    </Link>
  );
}
