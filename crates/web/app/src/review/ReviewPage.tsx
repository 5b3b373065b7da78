// A delivery before whoever reviews it: all repositories of the task on one page.
import { Link, getRouteApi } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import { task } from '../api/queries';
import { Page } from '../shell/Page';
import { Empty } from '../ui/Empty';
import { LINK } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { Review } from './Review';
import { useReview } from './useReview';
import { useWide } from './useWide';
import './review.css';

const route = getRouteApi('/shell/tasks/$task/review');

export function ReviewPage() {
  const { task: id } = route.useParams();
  const { since, view } = route.useSearch();
  const { data, error } = useQuery(task(id));
  const reviewed = useReview(id, since);
  const isWide = useWide();
  const isSplit = isWide && view !== 'unified';
  const title = data?.task.title ?? '';
  return (
    <Page
      name={`Review T-${id} ${title}`}
      title={
        <h1 className="flex min-w-0 items-baseline gap-2 text-head font-semibold">
          <Link to="/tasks/$task" params={{ task: id }} className="shrink-0 font-mono text-dense font-normal text-faint hover:text-fg max-desk:inline-flex max-desk:min-h-11 max-desk:min-w-11 max-desk:items-center">
            T-{id}
          </Link>
          <span className="truncate">Review: {title}</span>
        </h1>
      }
      actions={
        reviewed && (
          <>
            {reviewed.hasReviewed && (
              <Choice
                label="Changes that are shown"
                each={[
                  { text: 'All changes', search: { since: 'all' as const }, isOn: reviewed.since === 'all' },
                  { text: 'Since my last review', search: { since: 'last' as const }, isOn: reviewed.since === 'last' },
                ]}
              />
            )}
            {isWide && (
              <Choice
                label="Layout of the changes"
                each={[
                  { text: 'Split', search: { view: undefined }, isOn: isSplit },
                  { text: 'Unified', search: { view: 'unified' as const }, isOn: !isSplit },
                ]}
              />
            )}
          </>
        )
      }
    >
      {error ? (
        <div className="p-4">
          <ProblemNote error={error} />
        </div>
      ) : data && data.pull_requests.length === 0 ? (
        <Empty
          title={`T-${id} has delivered nothing to review yet`}
          command={`team6 task review ${id}`}
          action={
            <Link to="/tasks/$task" params={{ task: id }} className={LINK}>
              Watch it at work
            </Link>
          }
        >
          What its agent changes comes here, with what checks say of it.
        </Empty>
      ) : reviewed ? (
        <Suspense fallback={<SkeletonRows rows={14} label="Loading the review" />}>
          <Review key={id} reviewed={reviewed} isSplit={isSplit} isWide={isWide} />
        </Suspense>
      ) : (
        <SkeletonRows rows={14} label="Loading the review" />
      )}
    </Page>
  );
}

interface ChoiceProps {
  label: string;
  each: { text: string; search: { since?: 'all' | 'last'; view?: 'unified' }; isOn: boolean }[];
}

function Choice({ label, each }: ChoiceProps) {
  return (
    <ul aria-label={label} className="flex rounded-md border border-line">
      {each.map(({ text, search, isOn }) => (
        <li key={text}>
          <Link
            from="/tasks/$task/review"
            search={(before) => ({ ...before, ...search })}
            replace
            aria-current={isOn || undefined}
            className="flex h-6.5 items-center rounded-md px-2 text-dense whitespace-nowrap text-muted hover:text-fg aria-[current]:bg-hover aria-[current]:text-fg max-desk:h-11"
          >
            {text}
          </Link>
        </li>
      ))}
    </ul>
  );
}
