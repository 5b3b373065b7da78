// What only a review asks for.
import { queryOptions } from '@tanstack/react-query';
import { showCheckLog, showDiff } from '../api/generated/team6';
import type { PullRequestDiff, RepositoryId, TaskId } from '../api/generated/team6.schemas';

/** What a repository's newest commit changes of one that was looked at before; neither ever changes. */
export const changesSince = (id: TaskId, repository: RepositoryId, since: string, head: string) =>
  queryOptions({
    queryKey: ['changes', id, repository, head, since],
    queryFn: async ({ signal }): Promise<Pick<PullRequestDiff, 'repository' | 'files' | 'truncated'>> =>
      since === head ? { repository, files: [], truncated: false } : showDiff(id, { repository, since }, { signal }),
    staleTime: Infinity,
  });

/** What a check said, by the number of its receipt. */
export const checkLog = (id: TaskId, receipt: number) =>
  queryOptions({
    queryKey: ['check-log', id, receipt],
    queryFn: ({ signal }) => showCheckLog(id, receipt, {}, { signal }),
    staleTime: Infinity,
  });
