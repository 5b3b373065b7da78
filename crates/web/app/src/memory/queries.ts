import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { listMemories, showMemory } from '../api/generated/team6';
import type { ListMemoriesParams, MemoryId, ProjectId } from '../api/generated/team6.schemas';

export const memories = (project: ProjectId | undefined, asked: ListMemoriesParams) =>
  queryOptions({
    queryKey: ['memories', project, asked],
    queryFn: async ({ signal }) => (await listMemories(project ?? '', { ...asked, limit: 1000 }, { signal })).items,
    enabled: project !== undefined,
    // While somebody types, what was found before stands.
    placeholderData: keepPreviousData,
  });

export const memory = (project: ProjectId | undefined, id: MemoryId | undefined) =>
  queryOptions({
    queryKey: ['memory', project, id],
    queryFn: ({ signal }) => showMemory(project ?? '', id ?? 0, { signal }),
    enabled: project !== undefined && id !== undefined,
  });
