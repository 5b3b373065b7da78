import { expect, it } from 'vitest';
import type { AttemptItem } from '../../api/generated/team6.schemas';
import { SMALLEST, barsOf, partsOf, placeOf, ticksOf } from './scale';
import { type Span, byTask, spansOf } from './spans';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function attempt(n: number, scheduled: number, started?: number, ended?: number, outcome?: string): AttemptItem {
  return {
    id: `s1-a${n}`,
    agent: 'scripted',
    work: { work: 'task', task: 1 },
    reason: { reason: 'first' },
    scheduled_at: scheduled,
    started_at: started ?? null,
    ended_at: ended ?? null,
    outcome: outcome ? ({ outcome } as AttemptItem['outcome']) : null,
    usage: { cost_micros: 0, input_tokens: 0, output_tokens: 0 } as AttemptItem['usage'],
  };
}

const told = (spans: Span[]) => spans.map(({ kind, from, to }) => `${kind} ${from}-${to}`);

it('a task waits, is worked on, and is its owner\'s until it goes back or is done', () => {
  const attempts = [attempt(1, 0, 5, 10, 'delivered'), attempt(2, 20, 21, 30, 'delivered')];
  expect(told(spansOf(attempts, { state: 'done', since: 45 }, 100))).toEqual([
    'waiting 0-5',
    'work 5-10',
    'review 10-20',
    'waiting 20-21',
    'work 21-30',
    'review 30-45',
  ]);
});

it('what is under way goes on until now, and what failed waits for the next attempt', () => {
  expect(told(spansOf([attempt(1, 0, 5)], { state: 'in progress', since: 5 }, 100))).toEqual(['waiting 0-5', 'work 5-100']);
  const failed = [attempt(1, 0, 1, 2, 'failed'), attempt(2, 8)];
  expect(told(spansOf(failed, { state: 'assigned', since: 2 }, 10))).toEqual(['waiting 0-1', 'work 1-2', 'waiting 2-8', 'waiting 8-10']);
  expect(told(spansOf([attempt(1, 0, 1, 2, 'failed')], { state: 'failed', since: 2 }, 10))).toEqual(['waiting 0-1', 'work 1-2']);
});

it('attempts are sorted to their tasks', () => {
  const planning = { ...attempt(1, 0), work: { work: 'planning' as const } };
  expect([...byTask([planning, attempt(2, 0), attempt(3, 1)])].map(([task, all]) => [task, all.length])).toEqual([[0, 1], [1, 2]]);
});

const work = (from: number, to: number): Span => ({ kind: 'work', from, to, attempt: attempt(1, from, from, to) });
const NIGHT = [work(0, HOUR), work(13 * HOUR, 14 * HOUR)];

it('a night is folded, and the work keeps its proportions', () => {
  const parts = partsOf(NIGHT, 14 * HOUR, true);
  expect(parts.map(({ idle }) => idle)).toEqual([false, true, false]);
  expect(placeOf(parts, 0)).toBe(0);
  expect(placeOf(parts, 14 * HOUR)).toBeCloseTo(1);
  const wide = (from: number, to: number) => placeOf(parts, to) - placeOf(parts, from);
  expect(wide(0, HOUR)).toBeCloseTo(wide(13 * HOUR, 14 * HOUR));
  expect(wide(HOUR, 13 * HOUR)).toBeLessThan(0.05);
  expect(partsOf(NIGHT, 14 * HOUR, false)).toHaveLength(1);
});

it('many nights leave half of the width to the work', () => {
  const many = Array.from({ length: 11 }, (_, day) => work(day * 24 * HOUR, day * 24 * HOUR + HOUR));
  const parts = partsOf(many, 241 * HOUR, true);
  const folded = parts.filter(({ idle }) => idle).reduce((sum, { start, end }) => sum + end - start, 0);
  expect(folded).toBeLessThanOrEqual(0.5001);
  expect(placeOf(parts, 241 * HOUR)).toBeCloseTo(1);
});

it('places only grow with time', () => {
  const parts = partsOf(NIGHT, 15 * HOUR, true);
  const places = Array.from({ length: 150 }, (_, at) => placeOf(parts, (at * HOUR) / 10));
  expect(places).toEqual([...places].sort((one, other) => one - other));
});

it('labels have room at any width, also on a phone', () => {
  for (const width of [300, 390, 900, 1_400])
    for (const long of [8_000, 5 * MINUTE, 3 * HOUR, 40 * HOUR, 20 * 24 * HOUR]) {
      const ticks = ticksOf(partsOf([work(0, long)], long, true), width);
      const places = ticks.map(({ place }) => place * width);
      expect(places.slice(1).every((place, at) => place - (places[at] ?? 0) >= 72)).toBe(true);
      expect(ticks.length).toBeGreaterThan(0);
    }
});

it('attempts too short to be pressed are one bar, and no bar leaves the line', () => {
  const short = [work(0, 1_000), work(2_000, 3_000), work(HOUR - 1_000, HOUR)];
  const parts = partsOf(short, HOUR, false);
  const bars = barsOf(short, parts, 390);
  expect(bars.map(({ spans }) => spans.length)).toEqual([2, 1]);
  for (const { left, width } of bars) {
    expect(width).toBeGreaterThanOrEqual(SMALLEST);
    expect(left + width).toBeLessThanOrEqual(390);
  }
});

it('a sprint that has just begun can be shown', () => {
  const parts = partsOf([], 5, true);
  expect(placeOf(parts, 5)).toBeGreaterThanOrEqual(0);
  expect(barsOf([], parts, 390)).toEqual([]);
});
