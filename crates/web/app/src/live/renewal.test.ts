import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LiveEvent } from '../api/generated/team6.schemas';
import { Renewal } from './renewal';

const event = (version: number, kind = 'task_done') =>
  ({ kind, data: { task: 1 }, stream: 'sprint/1', position: version, version, at: 0, actor: 'ada' }) as LiveEvent;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A sprint that somebody looks at, fetched from a server that is at some version. */
async function watched() {
  const client = new QueryClient();
  const server = { version: 1, fetches: 0, delay: 0, isAway: false };
  const observer = new QueryObserver(client, {
    queryKey: ['sprint', 1],
    queryFn: async () => {
      server.fetches += 1;
      if (server.isAway) throw new Error('no answer');
      const { version } = server;
      if (server.delay > 0) await new Promise((over) => setTimeout(over, server.delay));
      return { version };
    },
    staleTime: Infinity,
  });
  observer.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(10);
  return { renewal: new Renewal(client), server, shown: () => observer.getCurrentResult().data?.version, refetch: () => void observer.refetch() };
}

it('many events are answered by one fetch', async () => {
  const { renewal, server, shown } = await watched();
  server.version = 40;
  for (let version = 2; version <= 40; version += 1) renewal.events([event(version)]);
  await vi.advanceTimersByTimeAsync(200);
  expect([server.fetches, shown()]).toEqual([2, 40]);
});

it('what is known in that version already is not fetched again', async () => {
  const { renewal, server } = await watched();
  renewal.events([event(1)]);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.fetches).toBe(1);
});

it('a first fetch may have been answered before the stream stood, and is made once more', async () => {
  const client = new QueryClient();
  const server = { version: 1 };
  const queryFn = async () => {
    const { version } = server;
    await new Promise((over) => setTimeout(over, 50));
    return version;
  };
  const observer = new QueryObserver(client, { queryKey: ['sprint', 1], queryFn, staleTime: Infinity });
  observer.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(10);
  server.version = 2;
  new Renewal(client).all();
  await vi.advanceTimersByTimeAsync(200);
  expect(observer.getCurrentResult().data).toBe(2);
});

it('what happens during a fetch is fetched after it', async () => {
  const { renewal, server, shown } = await watched();
  server.delay = 500;
  server.version = 2;
  renewal.events([event(2)]);
  await vi.advanceTimersByTimeAsync(100);
  server.version = 3;
  renewal.events([event(3)]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([server.fetches, shown()]).toEqual([3, 3]);
});

it('a fetch that ran before something happened is not taken for an answer to it', async () => {
  const { renewal, server, shown, refetch } = await watched();
  server.delay = 500;
  refetch();
  await vi.advanceTimersByTimeAsync(100);
  server.version = 2;
  renewal.events([event(2)]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([server.fetches, shown()]).toEqual([3, 2]);
});

it('a sign of life fetches nothing', async () => {
  const { renewal, server } = await watched();
  renewal.events([event(5, 'lease_renewed')]);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.fetches).toBe(1);
});

it('what got no answer is asked for again once there is a connection, and nothing else is', async () => {
  const { renewal, server, shown } = await watched();
  renewal.missed();
  await vi.advanceTimersByTimeAsync(200);
  expect(server.fetches).toBe(1);
  server.isAway = true;
  renewal.events([event(2)]);
  await vi.advanceTimersByTimeAsync(10_000);
  Object.assign(server, { isAway: false, version: 2 });
  renewal.missed();
  await vi.advanceTimersByTimeAsync(200);
  expect(shown()).toBe(2);
});
