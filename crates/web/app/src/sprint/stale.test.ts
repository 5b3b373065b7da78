import { expect, it } from 'vitest';
import { isStale } from './stale';

it('an agent is marked before the engine gives it up, and not while it speaks', () => {
  const running = {
    active_at: 1_000,
    silent_until: 11_000,
    lease_until: 5_000,
    started_at: 0,
    agent: 'scripted',
    attempt: 's1-a1',
    ready: true,
    stopping: false,
    worker: 'local',
  };
  expect(isStale(running, 1_000, 8_000)).toBe(false);
  expect(isStale(running, 1_000, 9_000)).toBe(true);
  expect(isStale(running, 8_500, 9_000)).toBe(false);
});
