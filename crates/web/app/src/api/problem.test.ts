import { expect, it } from 'vitest';
import { asRequestError, offline, problemOf } from './problem';

it('a refusal keeps its words, its code and each of its reasons', async () => {
  const body = {
    type: 'urn:team6:problem:not-approvable',
    title: 'Not approvable',
    status: 409,
    detail: 'the plan cannot be approved yet',
    code: 'not-approvable',
    reasons: [{ text: 'task 3 has no owner' }, { text: 'the graph has a cycle: 1 -> 2 -> 1' }],
  };
  const error = await problemOf(new Response(JSON.stringify(body), { status: 409 }));
  expect([error.code, error.message, error.status]).toEqual(['not-approvable', body.detail, 409]);
  expect(error.reasons).toEqual(['task 3 has no owner', 'the graph has a cycle: 1 -> 2 -> 1']);
  expect(error.isPassing).toBe(false);
});

it('an answer of something in between is told with its status', async () => {
  const error = await problemOf(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  expect([error.code, error.isPassing]).toEqual(['http-502', true]);
  expect(error.message).toContain('502 Bad Gateway');
});

it('no answer is passing, and whatever else goes wrong has words too', () => {
  expect(offline().isPassing).toBe(true);
  expect(asRequestError(new TypeError('x is undefined')).message).toBe('x is undefined');
});
