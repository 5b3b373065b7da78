import { Link } from '@tanstack/react-router';
import type { AttemptId, AttemptItem } from '../api/generated/team6.schemas';
import { cx } from '../ui/cx';

interface Props {
  of: readonly AttemptItem[];
  shown: AttemptId;
  className?: string;
}

/** The attempts by their numbers, each at an address; the newest one is what the page shows without one. */
export function AttemptNumbers({ of, shown, className }: Props) {
  return (
    <ul aria-label="Attempts" className={cx('flex gap-1', className)}>
      {of.map(({ id }, at) => (
        <li key={id}>
          <Link
            to="."
            search={(now) => ({ ...now, attempt: at === of.length - 1 ? undefined : id, entry: undefined })}
            replace
            aria-current={id === shown || undefined}
            aria-label={`Attempt ${at + 1}`}
            className="inline-flex h-6 min-w-6 items-center justify-center rounded-sm border border-line px-1.5 font-mono text-muted hover:bg-hover aria-[current]:border-line-strong aria-[current]:bg-raised aria-[current]:text-fg pointer-coarse:h-11 pointer-coarse:min-w-11"
          >
            {at + 1}
          </Link>
        </li>
      ))}
    </ul>
  );
}
