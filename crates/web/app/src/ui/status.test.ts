import { expect, it } from 'vitest';
import { STATUSES, groupOf, statusOf } from './status';

// The states as the core names them (crates/core/src/sprint/handle/mod.rs, `stage_name`).
const STATES = [
  'idle', 'waiting', 'assigned', 'in progress', 'held', 'asking its owner', 'being checked', 'publishing', 'in review',
  'being brought up to date', 'reverting',
  'waiting for subtasks', 'delivered', 'given up', 'merging', 'failed', 'done', 'cancelled',
];

it('every state has a status and stands in one count', () => {
  for (const state of STATES) {
    expect(STATUSES).toContain(statusOf(state));
    if (state !== 'idle' && state !== 'waiting' && state !== 'waiting for subtasks') expect(groupOf(state), state).not.toBe('waiting');
  }
  expect(statusOf('failed')).toBe('failed');
});
