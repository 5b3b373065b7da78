import { expect, it } from 'vitest';
import type { Message, TaskDetail } from '../api/generated/team6.schemas';
import { deliveryOf } from './delivery';

const STARTED = 5_000;

/** What is shown of a message with a task in this state, whose second attempt is the sprint's seventh. */
function shown(delivered: Message['delivered'], state = 'in progress') {
  const message = { delivered } as Message;
  const attempts = [{ id: 's1-a3', started_at: 1_000 }, { id: 's1-a7', started_at: STARTED }];
  return deliveryOf(message, { attempts, task: { state } } as TaskDetail);
}

it('a message is queued until an attempt has it, and says what it waits for while the agent is busy', () => {
  expect(shown(null)).toBe('queued until its turn ends');
  expect(shown(null, 'in review')).toBe('queued');
});

it('what an attempt starts with is delivered, and read once a turn begins with it', () => {
  expect(shown([7, STARTED])).toBe('delivered to attempt 2');
  expect(shown([7, STARTED + 40])).toBe('read in attempt 2');
  expect(shown([3, STARTED])).toBe('read in attempt 1');
});

it('a message that went to an attempt which is not listed is only delivered', () => {
  expect(shown([9, STARTED])).toBe('delivered');
});
