// A comment of an earlier review, with what its agent answered and the commit that mended it.
import { Link } from '@tanstack/react-router';
import type { Review, Thread } from '../api/generated/team6.schemas';
import { Age } from '../ui/Age';
import { AsWritten } from '../ui/markdown/AsWritten';
import { StatusMark } from '../ui/StatusMark';
import { CommentText } from './CommentText';
import { linesText, placeOf } from './ranges';

interface Props {
  thread: Thread;
  review: Review | undefined;
  agent: string | null;
  /** Its lines as they are now, where it stands at them. */
  lines: readonly string[] | null;
}

export function ThreadNote({ thread: { id, comment, answer }, review, agent, lines }: Props) {
  return (
    <article aria-label={`Thread ${id}`} className="border-y border-line bg-surface px-3 py-2 font-sans text-body">
      <header className="flex flex-wrap items-baseline gap-x-2 text-dense text-muted">
        <span className="font-medium text-fg">{review?.by ?? 'somebody'}</span>
        <span>on {linesText(placeOf(comment).lines)}</span>
        {review && <Age since={review.at} className="font-mono" />}
        <Link
          from="/tasks/$task/review"
          replace
          search={({ view, since }) => ({ view, since, thread: id })}
          aria-label={`Address of thread ${id}`}
          className="ml-auto font-mono text-faint hover:text-fg hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center"
        >
          #{id}
        </Link>
      </header>
      <CommentText text={comment.text} lines={answer ? null : lines} />
      {answer ? (
        <div className="mt-1.5 border-l border-line-strong pl-3">
          <p className="flex flex-wrap items-center gap-x-2 text-dense text-muted">
            <StatusMark status="done" size={12} />
            <span className="font-medium text-fg">{agent ?? 'the agent'}</span>
            {answer.commit ? (
              <span>
                mended it in <span className="font-mono">{answer.commit.slice(0, 10)}</span>
              </span>
            ) : (
              <span>answered</span>
            )}
          </p>
          <AsWritten text={answer.text} />
        </div>
      ) : (
        <p className="mt-1 text-dense text-muted">Not answered yet</p>
      )}
    </article>
  );
}
