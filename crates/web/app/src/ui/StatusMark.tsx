// A status as a shape first and a colour second.
import { cx } from './cx';
import type { Status } from './status';

const COLOUR: Record<Status, string> = {
  assigned: 'text-st-assigned',
  progress: 'text-st-progress',
  review: 'text-st-review',
  done: 'text-st-done',
  failed: 'text-st-failed',
  blocked: 'text-st-blocked',
  cancelled: 'text-faint',
};

const SHAPE: Record<Status, React.ReactNode> = {
  assigned: <circle cx="8" cy="8" r="5.5" />,
  progress: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3l2 1.5" />
    </>
  ),
  review: (
    <>
      <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z" />
      <circle cx="8" cy="8" r="2" />
    </>
  ),
  done: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="m5.5 8.2 1.8 1.8 3.2-3.8" />
    </>
  ),
  failed: (
    <>
      <path d="M5.5 2.2h5l3.3 3.3v5l-3.3 3.3h-5l-3.3-3.3v-5Z" />
      <path d="m6 6 4 4m0-4-4 4" />
    </>
  ),
  blocked: (
    <>
      <path d="M8 2.2 14.2 13H1.8Z" />
      <path d="M8 6.2v3.2m0 1.7v.1" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="m4.2 11.8 7.6-7.6" />
    </>
  ),
};

interface Props {
  status: Status;
  /** What it is called; left out where its text stands beside it. */
  label?: string;
  size?: number;
  className?: string;
}

export function StatusMark({ status, label, size = 14, className }: Props) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={cx('shrink-0', COLOUR[status], className)}
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    >
      {SHAPE[status]}
    </svg>
  );
}
