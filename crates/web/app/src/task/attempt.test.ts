import { expect, it } from 'vitest';
import type { AttemptItem } from '../api/generated/team6.schemas';
import { tryOf } from './attempt';

const attempts = (...each: [reason: string, outcome: string][]) => each.map(([reason, outcome]) => ({ reason: { reason }, outcome: { outcome } }) as AttemptItem);

it('tries are counted from where work began or a person had it done anew', () => {
  expect(tryOf(attempts(['first', 'failed']))).toBe(1);
  expect(tryOf(attempts(['first', 'failed'], ['retry', 'failed'], ['retry', 'failed']))).toBe(3);
  expect(tryOf(attempts(['first', 'failed'], ['retry', 'failed'], ['person_retried', 'failed']))).toBe(1);
  expect(tryOf(attempts(['first', 'delivered'], ['changes_requested', 'failed'], ['retry', 'failed']))).toBe(2);
});

it('what broke checks, or did not fit its base, was a try', () => {
  expect(tryOf(attempts(['first', 'delivered'], ['checks_broken', 'delivered'], ['checks_broken', 'failed']))).toBe(3);
  expect(tryOf(attempts(['first', 'delivered'], ['base_conflicts', 'failed']))).toBe(2);
});

it('what was interrupted or held is no try of its own', () => {
  expect(tryOf(attempts(['first', 'failed'], ['retry', 'interrupted'], ['resumed', 'failed']))).toBe(2);
  expect(tryOf(attempts(['first', 'held']))).toBe(1);
});
