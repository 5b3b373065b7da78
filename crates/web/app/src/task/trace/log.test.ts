import { expect, it } from 'vitest';
import type { TraceEntry } from '../../api/generated/team6.schemas';
import { TraceLog } from './log';

const note = (seq: number): TraceEntry => ({ seq, at: seq, body: { kind: 'note', text: `entry ${seq}` } });

/** A trace of so many entries, as the server has it. */
function kept(count: number) {
  const asked: [number, number][] = [];
  const read = (after: number, limit: number) => {
    asked.push([after, limit]);
    const many = Math.max(0, Math.min(limit, count - after));
    return Promise.resolve(Array.from({ length: many }, (_, at) => note(after + at + 1)));
  };
  return { read, asked };
}

const seqs = (log: TraceLog) => log.rows.map((row) => row.seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

it('entries that come twice or in another order count once and stand in order', () => {
  const log = new TraceLog(kept(6).read);
  log.append([note(1), note(2)]);
  log.append([note(2), note(4), note(3), note(1)]);
  log.append([note(5), note(5), note(6)]);
  expect(seqs(log)).toEqual(range(1, 6));
});

it('what is missing is fetched before what came after it is shown', async () => {
  const log = new TraceLog(kept(9).read);
  log.append([note(1), note(2)]);
  log.append([note(8), note(9)]);
  expect(seqs(log)).toEqual([1, 2]);
  await log.catchUp();
  expect(seqs(log)).toEqual(range(1, 9));
});

it('it begins with a window, and the older ones come before it', async () => {
  const { read, asked } = kept(2_000);
  const log = new TraceLog(read);
  await log.open(1_500);
  expect([log.first, log.last]).toEqual([1_501, 2_000]);
  await log.older();
  expect(seqs(log)).toEqual(range(1_001, 2_000));
  expect(log.prepended).toBe(500);
  expect(asked.every(([, limit]) => limit <= 500)).toBe(true);
});

it('a stream that is dropped at random and brings parts twice leaves no gap and no repetition', async () => {
  let state = 7;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const log = new TraceLog(kept(3_000).read);
  for (let drop = 0, at = 1; drop < 100; drop += 1) {
    const from = Math.max(1, at - Math.floor(random() * 20));
    const to = Math.min(3_000, at + Math.floor(random() * 40));
    log.append(range(from, to).map(note));
    // A part that was lost on the way.
    at = Math.min(3_000, to + 1 + Math.floor(random() * 5));
    if (random() < 0.3) await Promise.resolve();
  }
  await log.catchUp();
  while (log.last < 3_000) await log.catchUp();
  expect(seqs(log)).toEqual(range(1, 3_000));
});
