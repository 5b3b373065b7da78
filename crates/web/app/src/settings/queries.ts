import { queryOptions } from '@tanstack/react-query';
import { listChannels, listSettings } from '../api/generated/team6';

/** It stays the same until the server starts again. */
export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: async ({ signal }) => (await listSettings({ signal })).items,
});

export const channels = queryOptions({
  queryKey: ['channels'],
  queryFn: async ({ signal }) => (await listChannels({ signal })).items,
});
