import { queryOptions } from '@tanstack/react-query';
import { listCosts, showProjectBudgets } from '../api/generated/team6';
import type { ListCostsParams, ProjectId } from '../api/generated/team6.schemas';

/** What was spent grows while agents work; the live stream marks it with every sprint that changes. */
export const costs = (asked: ListCostsParams) =>
  queryOptions({ queryKey: ['costs', asked], queryFn: async ({ signal }) => (await listCosts(asked, { signal })).items });

export const funds = (project: ProjectId) =>
  queryOptions({ queryKey: ['funds', project], queryFn: ({ signal }) => showProjectBudgets(project, { signal }) });
