// A sprint as it was, and what made it so.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { readLog, showSprint } from '../api/generated/team6';
import type { LogEvent, SprintId } from '../api/generated/team6.schemas';

export const sprintAt = (id: SprintId, at: number | undefined) =>
  queryOptions({
    queryKey: ['sprint-at', id, at ?? null],
    queryFn: ({ signal }) => showSprint(id, { at: at ?? 1 }, { signal }),
    enabled: at !== undefined,
    staleTime: Infinity,
    // While the next state comes, the one before stands.
    placeholderData: keepPreviousData,
  });

/** What happened to a sprint without the signs of life, oldest first. */
export const sprintLog = (id: SprintId) =>
  queryOptions({
    queryKey: ['sprint-log', id],
    queryFn: async ({ signal }) => {
      const events: Omit<LogEvent, 'data'>[] = [];
      for (let after = 0; ; ) {
        const { items, next } = await readLog({ stream: `sprint/${id}`, without_signs: true, after, limit: 1000 }, { signal });
        // Their bodies may be large and are not shown here.
        for (const { data: _, ...event } of items) events.push(event);
        if (next == null) return events;
        after = Number(next);
      }
    },
  });
