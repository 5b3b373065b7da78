// What the app asks the server for, by the object that it is: the live stream finds and renews what it knows by these
// keys (src/live/patch.ts). Everything that can change carries its version.
import { queryOptions } from '@tanstack/react-query';
import {
  forecastSprint,
  listInbox,
  listPeople,
  listProjects,
  listSprints,
  showMe,
  showSprint,
  showTask,
} from './generated/team6';
import type { SprintId, TaskId } from './generated/team6.schemas';

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
  queryOptions({ queryKey: ['sprint', id], queryFn: ({ signal }) => showSprint(id, { signal }) });

export const forecast = (id: SprintId) =>
  queryOptions({ queryKey: ['forecast', id], queryFn: ({ signal }) => forecastSprint(id, { signal }), staleTime: 30_000 });

export const task = (id: TaskId) =>
  queryOptions({ queryKey: ['task', id], queryFn: ({ signal }) => showTask(id, { signal }) });

/** What waits for one person, or for anybody, longest waiting first. */
export const inbox = (person: string | null) =>
  queryOptions({
    queryKey: ['inbox', person],
    queryFn: async ({ signal }) => (await listInbox({ limit: 1000, ...(person ? { person } : {}) }, { signal })).items,
  });
