import { expect, it } from 'vitest';
import { touched } from './touched';

const event = (kind: string, data: unknown, stream = 'sprint/3') =>
  ({ kind, data, stream, position: 1, version: 1, at: 500, actor: 'ada' }) as Parameters<typeof touched>[0];

it('a renewed lease is a sign of life and nothing else', () => {
  expect(touched(event('lease_renewed', { attempt: 7, active_at: 400 }))).toEqual({
    what: 'sign-of-life',
    attempt: 's3-a7',
    at: 400,
  });
});

it('what waits for people may have changed with whatever is not quiet', () => {
  expect(touched(event('review_submitted', { task: 12 }))).toEqual({ what: 'sprint', sprint: 3, task: 12, inbox: true });
  expect(touched(event('progress_reported', { attempt: 7 }))).toMatchObject({ what: 'sprint', inbox: false });
});

it('an event that was too large to be told still changes its sprint', () => {
  expect(touched(event('plan_saved', undefined))).toEqual({ what: 'sprint', sprint: 3, task: null, inbox: true });
});

it('streams that the app does not know change nothing', () => {
  expect(touched(event('whatever', {}, 'ledger/web'))).toEqual({ what: 'other' });
  expect(touched(event('whatever', {}, 'memory/web'))).toEqual({ what: 'memory', project: 'web' });
  expect(touched(event('whatever', {}, 'project/web'))).toEqual({ what: 'project', project: 'web' });
});
