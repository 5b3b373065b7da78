// What the wizard asks the server for beside the sprint itself. A version never changes, so each is fetched once.
import { queryOptions } from '@tanstack/react-query';
import { listPlanVersions, showPlanVersion } from '../api/generated/team6';
import type { AttemptId, SprintId } from '../api/generated/team6.schemas';
import { readOf } from '../task/trace/read';
import type { Version } from './draft';
import { planOf } from './model';
import { sourcesOf } from './sources';

/** The versions of a plan, oldest first, as of its newest one and of what was approved. */
export const planVersions = (id: SprintId, newest: number, approved: number) =>
  queryOptions({
    queryKey: ['plan-versions', id, newest, approved],
    queryFn: async ({ signal }) => (await listPlanVersions(id, { signal })).items,
    staleTime: Infinity,
    placeholderData: (before) => before,
  });

export const planVersion = (id: SprintId, version: number) =>
  queryOptions({
    queryKey: ['plan-version', id, version],
    queryFn: async ({ signal }): Promise<Version> => {
      const saved = await showPlanVersion(id, version, { signal });
      return { version: saved.version, plan: planOf(saved.plan), by: saved.by };
    },
    enabled: version > 0,
    staleTime: Infinity,
  });

/** The entries of a planning agent that are looked at for what it read: it reads before it writes. */
const LOOKED_AT = 1_000;

/** The files that the planning agent read, as of a version of the plan. */
export const planSources = (id: SprintId, attempts: readonly AttemptId[], version: number) =>
  queryOptions({
    queryKey: ['plan-sources', id, attempts, version],
    queryFn: async ({ signal }) => {
      const read = async (attempt: AttemptId) => ({ attempt, entries: await readOf(attempt, signal)(0, LOOKED_AT) });
      return sourcesOf(await Promise.all(attempts.map(read)));
    },
    staleTime: Infinity,
    placeholderData: (before) => before,
  });
