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
  const log = new TraceLog(read, 2_000);
  await log.open(null);
  expect([log.first, log.last, log.reachesEnd]).toEqual([1_501, 2_000, true]);
  await Promise.all([log.older(), log.older()]);
  expect(seqs(log)).toEqual(range(1_001, 2_000));
  expect(asked.every(([, limit]) => limit <= 500)).toBe(true);
});

it('one around an entry of a long trace is one page, which grows at both ends', async () => {
  const { read, asked } = kept(100_000);
  const log = new TraceLog(read, 100_000);
  await log.open(50_000);
  expect(asked).toEqual([[49_749, 500]]);
  expect(log.rows[log.placeOf(50_000)]?.seq).toBe(50_000);
  expect([log.placeOf(49_749), log.placeOf(50_250)]).toEqual([-1, -1]);
  await log.newer();
  await log.older();
  expect(seqs(log)).toEqual(range(49_250, 50_749));
  expect([log.reachesEnd, log.total]).toEqual([false, 100_000]);
});

it('it knows that it has come to the beginning, and to the end', async () => {
  const log = new TraceLog(kept(900).read, 900);
  await log.open(300);
  expect([log.first, log.reachesEnd]).toEqual([50, false]);
  await log.older();
  await log.newer();
  expect([log.first, log.last, log.reachesEnd]).toEqual([1, 900, true]);
});

it('what is beyond it is not asked for again and again where it cannot be had', async () => {
  const { read } = kept(2_000);
  let isCut = false;
  const log = new TraceLog((...of) => (isCut ? Promise.reject(new Error('cut')) : read(...of)), 2_000);
  await log.open(null);
  isCut = true;
  await log.older();
  expect([log.stuck, log.first]).toEqual([true, 1_501]);
  isCut = false;
  log.retry();
  await log.older();
  expect([log.stuck, log.first]).toEqual([false, 1_001]);
});

it('it counts the turns of the agent, also of those that come later', async () => {
  const read = (after: number, limit: number) =>
    Promise.resolve(
      range(after + 1, Math.min(1_200, after + limit)).map((seq): TraceEntry =>
        seq % 400 === 1 ? { seq, at: seq, body: { kind: 'prompt', text: 'Go on' } } : note(seq),
      ),
    );
  const log = new TraceLog(read, 1_200);
  await log.open(null);
  expect([log.turnOf(800), log.turnOf(801)]).toEqual([0, 1]);
  await log.older();
  await log.older();
  expect([1, 400, 401, 800, 801, 1_200].map((seq) => log.turnOf(seq))).toEqual([1, 1, 2, 2, 3, 3]);
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
