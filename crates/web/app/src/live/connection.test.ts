import { expect, it } from 'vitest';
import { next } from './connection';

it('what is shown is from when the connection was lost, however often it is tried since', () => {
  const lost = next({ is: 'live' }, false, 1_000);
  expect(lost).toEqual({ is: 'lost', since: 1_000 });
  expect(next(lost, false, 5_000)).toBe(lost);
  expect(next(lost, true, 6_000)).toEqual({ is: 'live' });
});
