// What the app asks the server for, by the object that it is: the live stream finds and renews what it knows by these
// keys (src/live/patch.ts). Everything that can change carries its version.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import {
  forecastConflicts,
  forecastMerge,
  forecastRevert,
  forecastSprint,
  listInbox,
  listPeople,
  listProjects,
  listSprints,
  readTrace,
  showCheckLog,
  showDiff,
  showMe,
  showSprint,
  showTask,
  suggestOwners,
} from './generated/team6';
import type { AttemptId, RepositoryConflicts, RepositoryId, SprintId, TaskId } from './generated/team6.schemas';

export const me = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => showMe({ signal }), staleTime: Infinity });

export const people = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await listPeople({ signal })).items,
  staleTime: 60_000,
});

export const projects = queryOptions({
  queryKey: ['projects'],
  queryFn: async ({ signal }) => (await listProjects({ signal })).items,
});

export const sprints = queryOptions({
  queryKey: ['sprints'],
  queryFn: async ({ signal }) => (await listSprints({ limit: 1000 }, { signal })).items,
});

export const sprint = (id: SprintId) =>
  queryOptions({ queryKey: ['sprint', id], queryFn: ({ signal }) => showSprint(id, {}, { signal }) });

export const forecast = (id: SprintId) =>
  queryOptions({ queryKey: ['forecast', id], queryFn: ({ signal }) => forecastSprint(id, { signal }), staleTime: 30_000 });

/**
 * What merging the open branches of a sprint would come to. The server looks at the origins for it, so it is asked again
 * only when what the sprint tells of its branches has changed.
 */
export const conflicts = (id: SprintId, branches: string) =>
  queryOptions({
    queryKey: ['conflicts', id, branches],
    queryFn: async ({ signal }) => (await forecastConflicts(id, { signal })).items,
    staleTime: 60_000,
    enabled: branches !== '',
    placeholderData: (before: RepositoryConflicts[] | undefined, query) => (query?.queryKey[1] === id ? before : undefined),
  });

export const task = (id: TaskId) =>
  queryOptions({ queryKey: ['task', id], queryFn: ({ signal }) => showTask(id, { signal }) });

/** What waits for one person, or for anybody, longest waiting first. */
export const inbox = (person: string | null) =>
  queryOptions({
    queryKey: ['inbox', person],
    queryFn: async ({ signal }) => (await listInbox({ limit: 1000, ...(person ? { person } : {}) }, { signal })).items,
  });

/** What a merge would come to. It changes with whatever changes in the sprint. */
export const mergeForecast = (id: TaskId, version: number) =>
  queryOptions({
    queryKey: ['merge-forecast', id, version],
    queryFn: async ({ signal }) => (await forecastMerge(id, { signal })).items,
    staleTime: 30_000,
    // While it is looked at anew, what was known stands, and nothing moves.
    placeholderData: keepPreviousData,
  });

/** What taking back what was merged of a task would come to. */
export const revertForecast = (id: TaskId, version: number) =>
  queryOptions({
    queryKey: ['revert-forecast', id, version],
    queryFn: async ({ signal }) => (await forecastRevert(id, { signal })).items,
    placeholderData: keepPreviousData,
  });

/** What a task changes in a repository, up to a commit, which never changes. */
export const changes = (id: TaskId, repository: RepositoryId, head: string) =>
  queryOptions({
    queryKey: ['changes', id, repository, head],
    queryFn: ({ signal }) => showDiff(id, { repository }, { signal }),
    staleTime: Infinity,
  });

/** What a check said on a delivery, or on its base: it never changes. */
export const checkLog = (id: TaskId, receipt: number, base: boolean) =>
  queryOptions({
    queryKey: ['check-log', id, receipt, base],
    queryFn: ({ signal }) => showCheckLog(id, receipt, { base }, { signal }),
    staleTime: Infinity,
  });

export const ownerSuggestions = (id: SprintId, version: number | undefined) =>
  queryOptions({
    queryKey: ['owner-suggestions', id, version],
    queryFn: ({ signal }) => suggestOwners(id, { signal }),
    enabled: version !== undefined,
  });

/** The last entries of the trace of an attempt; fewer, if they are large. */
export const lastEntries = (attempt: AttemptId) =>
  queryOptions({
    queryKey: ['last-entries', attempt],
    queryFn: async ({ signal }) => (await readTrace(attempt, { before: Number.MAX_SAFE_INTEGER, limit: 100 }, { signal })).items,
  });
