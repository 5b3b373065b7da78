// The log of events, newest first, as far as somebody looked back.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { readLog } from '../api/generated/team6';
import type { LogEvent, ReadLogParams } from '../api/generated/team6.schemas';

export type Asked = Omit<ReadLogParams, 'after' | 'before' | 'limit' | 'newest'>;

const PART = 200;

/** From a position back, so that nothing moves when something happens. */
export const logBefore = (asked: Asked, from: number | undefined) =>
  infiniteQueryOptions({
    queryKey: ['log-before', asked, from ?? null],
    initialPageParam: from,
    queryFn: ({ pageParam, signal }) =>
      readLog({ ...asked, newest: true, limit: PART, ...(pageParam ? { before: pageParam } : {}) }, { signal }),
    getNextPageParam: ({ next }) => (next == null ? undefined : Number(next)),
    staleTime: Infinity,
  });

/** What came after a position: the live stream renews it. */
export const logAfter = (asked: Asked, after: number | undefined) =>
  queryOptions({
    queryKey: ['log', asked, after ?? null],
    queryFn: async ({ signal }) => (await readLog({ ...asked, after: after ?? 0, limit: PART }, { signal })).items.length,
    enabled: after !== undefined,
  });

/** One event by its position. */
export const logEvent = (position: number | undefined) =>
  queryOptions({
    queryKey: ['log-event', position ?? null],
    queryFn: async ({ signal }) => (await readLog({ after: (position ?? 1) - 1, limit: 1 }, { signal })).items[0] ?? null,
    enabled: position !== undefined,
    staleTime: Infinity,
    // What has not happened yet may happen.
    refetchInterval: ({ state }) => (state.data === null ? 5_000 : false),
  });

/** All of it, a line each, oldest first. */
export async function exported(asked: Asked, onPart: (events: number) => void): Promise<string> {
  const lines: string[] = [];
  let after = 0;
  for (;;) {
    const { items, next } = await readLog({ ...asked, after, limit: 1000 });
    lines.push(...items.map((event: LogEvent) => JSON.stringify(event)));
    onPart(lines.length);
    if (next == null) return `${lines.join('\n')}\n`;
    after = Number(next);
  }
}
