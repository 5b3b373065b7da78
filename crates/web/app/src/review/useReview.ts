// Everything that a review shows, and whether all of it is there: nothing can be pressed before, nor moves after.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import type { ChangedFile, MergeForecast, PullRequestItem, SprintTask, TaskDetail } from '../api/generated/team6.schemas';
import { changes, me, mergeForecast, sprint, task } from '../api/queries';
import { inMergeOrder } from './effect';
import { type ReviewFile, filesOf } from './files';
import { changesSince } from './queries';
import { isBehind, lastReview } from './since';

export type Since = 'all' | 'last';

export interface Section {
  pull: PullRequestItem;
  files: readonly ReviewFile[];
  /** More is changed than is shown. */
  truncated: boolean;
  /** Why nothing is shown. */
  error: Error | null;
}

export interface Reviewed {
  detail: TaskDetail;
  sections: readonly Section[];
  forecasts: readonly MergeForecast[] | null;
  /** The tasks of the sprint, once they are known. */
  tasks: readonly SprintTask[] | null;
  person: string;
  since: Since;
  /** Whether there was a review to look since. */
  hasReviewed: boolean;
  /** What changed in a file since the commit of a review. */
  changedSince: (review: number, repository: string, path: string) => ChangedFile | undefined;
}

export function useReview(id: number, wanted: Since | undefined): Reviewed | null {
  const { data: detail } = useQuery(task(id));
  const { data: mine } = useQuery(me);
  const { data: forecasts = null, isPending: isForecasting } = useQuery({
    ...mergeForecast(id, detail?.version ?? 0),
    enabled: detail !== undefined,
  });
  const { data: inSprint, isPending: isSprintPending } = useQuery({ ...sprint(detail?.task.sprint ?? 0), enabled: detail !== undefined });
  const review = detail && lastReview(detail, mine?.person.id);
  const since = review === undefined ? 'all' : (wanted ?? (detail && isBehind(review, detail) ? 'last' : 'all'));
  const pulls = useMemo(() => (detail ? inMergeOrder(detail) : []), [detail]);

  const asked = pulls.map(({ repository, head }) => {
    const seen = review?.heads[repository];
    return since === 'last' && seen !== undefined ? changesSince(id, repository, seen, head) : changes(id, repository, head);
  });
  const diffs = useQueries({ queries: asked as ReturnType<typeof changesSince>[] });
  const earlier = useEarlier(id, detail);
  // A delivery that was not published yet could not be read; by the next version of its task it may be.
  useEffect(() => {
    for (const { isError, refetch } of diffs) if (isError) void refetch();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [detail?.version]);
  const read = diffs.map(({ data }) => data);
  // Files are the same objects as long as what they are made of is.
  const sections = useMemo(
    () =>
      pulls.map((pull, at): Section => {
        const diff = read[at];
        return { pull, files: diff ? filesOf(diff) : [], truncated: diff?.truncated ?? false, error: diffs[at]?.error ?? null };
      }),
    [pulls, ...read],
  );
  // While a newer delivery is read, the one before it stands.
  const last = useRef<Reviewed | null>(null);
  if (last.current?.detail.task.id !== id) last.current = null;
  if (!detail || !mine || isForecasting || isSprintPending || !earlier || diffs.some(({ isPending }) => isPending)) return last.current;
  last.current = {
    detail,
    sections,
    forecasts,
    tasks: inSprint?.tasks ?? null,
    person: mine.person.id,
    since,
    hasReviewed: review !== undefined,
    changedSince: earlier,
  };
  return last.current;
}

/** What changed since the commits of earlier reviews, by which their threads find their lines again. */
function useEarlier(id: number, detail: TaskDetail | undefined) {
  const wanted = useMemo(() => {
    const heads = new Map((detail?.pull_requests ?? []).map(({ repository, head }) => [repository, head]));
    return (detail?.reviews ?? []).flatMap(({ id: review, heads: seen, threads }) =>
      Object.entries(seen).flatMap(([repository, commit]) => {
        const head = heads.get(repository);
        const has = detail?.threads.some((thread) => threads.includes(thread.id) && thread.comment.repository === repository);
        return has && head !== undefined && commit !== head ? [{ review, repository, commit, head }] : [];
      }),
    );
  }, [detail]);
  const found = useQueries({ queries: wanted.map(({ repository, commit, head }) => changesSince(id, repository, commit, head)) });
  if (found.some(({ isPending }) => isPending)) return null;
  return (review: number, repository: string, path: string) => {
    const at = wanted.findIndex((each) => each.review === review && each.repository === repository);
    return found[at]?.data?.files.find(({ old }) => old === path);
  };
}
