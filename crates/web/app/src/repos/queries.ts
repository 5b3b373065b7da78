import { queryOptions } from '@tanstack/react-query';
import { findChecks, listChecks, listLocalFiles } from '../api/generated/team6';
import type { ProjectId, RepositoryId } from '../api/generated/team6.schemas';

export const checksOf = (project: ProjectId, repository: RepositoryId) =>
  queryOptions({
    queryKey: ['checks', project, repository],
    queryFn: async ({ signal }) => (await listChecks(project, repository, { signal })).items,
  });

/** What the repository's own files speak of. It is looked for when somebody asks, since it reads the repository. */
export const foundChecks = (project: ProjectId, repository: RepositoryId) =>
  queryOptions({
    queryKey: ['found-checks', project, repository],
    queryFn: async ({ signal }) => (await findChecks(project, repository, { signal })).items,
    enabled: false,
  });

export const localFiles = (project: ProjectId, repository: RepositoryId) =>
  queryOptions({
    queryKey: ['local-files', project, repository],
    queryFn: async ({ signal }) => (await listLocalFiles(project, repository, { signal })).items,
  });
