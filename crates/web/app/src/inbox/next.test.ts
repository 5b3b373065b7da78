import { expect, it } from 'vitest';
import { nextOf } from './next';

it('after a solved entry comes the one that took its place, or the last one', () => {
  expect(nextOf(['b', 'c'], 0)).toBe('b');
  expect(nextOf(['a', 'b'], 2)).toBe('b');
  expect(nextOf([], 0)).toBeUndefined();
});
