// What is at work now, over all sprints.
import { queryOptions } from '@tanstack/react-query';
import { listAgents, listQueues, listWork, showMachine } from '../api/generated/team6';

export const agents = queryOptions({
  queryKey: ['agents'],
  queryFn: async ({ signal }) => (await listAgents({ signal })).items,
});

export const work = queryOptions({
  queryKey: ['work'],
  queryFn: async ({ signal }) => (await listWork({}, { signal })).items,
});

export const queues = queryOptions({
  queryKey: ['queues'],
  queryFn: async ({ signal }) => (await listQueues({ signal })).items,
});

/** Nothing tells when a machine has more room, so it is asked now and then. */
export const machine = queryOptions({
  queryKey: ['machine'],
  queryFn: ({ signal }) => showMachine({ signal }),
  refetchInterval: 10_000,
});
