// Where a time stands on the timeline, from 0 to 1. Time in which no agent was at work is folded, so that a night does
// not push the work of a day into a corner.
import type { Span } from './spans';

export interface Part {
  from: number;
  to: number;
  /** Where it begins and ends. */
  start: number;
  end: number;
  /** Whether it is folded. */
  idle: boolean;
}

/** How much of the width a folded time keeps, and from which share of all time on it is folded. */
const FOLD = 0.04;
const WORTH = 0.08;
/** All folds together leave at least half of the width to the work. */
const MOST = 0.5;

export function partsOf(spans: readonly Span[], now: number, folds: boolean): Part[] {
  const from = Math.min(now, ...spans.map((span) => span.from));
  const to = Math.max(from + 1_000, now, ...spans.map((span) => span.to));
  const gaps = folds ? gapsOf(spans.filter(({ kind }) => kind === 'work'), from, to).filter((gap) => gap.to - gap.from > WORTH * (to - from)) : [];
  const idle = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const fold = gaps.length === 0 ? 0 : Math.min(FOLD, MOST / gaps.length);
  const each = (1 - fold * gaps.length) / Math.max(1, to - from - idle);
  const parts: Part[] = [];
  let [time, at] = [from, 0];
  const push = (until: number, isIdle: boolean) => {
    if (until <= time) return;
    const end = at + (isIdle ? fold : (until - time) * each);
    parts.push({ from: time, to: until, start: at, end, idle: isIdle });
    [time, at] = [until, end];
  };
  for (const gap of gaps) {
    push(gap.from, false);
    push(gap.to, true);
  }
  push(to, false);
  return parts;
}

/** Times between work. */
function gapsOf(work: readonly Span[], from: number, to: number): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  let until = from;
  for (const span of [...work].sort((one, other) => one.from - other.from)) {
    if (span.from > until) gaps.push({ from: until, to: span.from });
    until = Math.max(until, span.to);
  }
  if (to > until) gaps.push({ from: until, to });
  return gaps;
}

export function placeOf(parts: readonly Part[], time: number): number {
  const part = parts.find((each) => time <= each.to) ?? parts.at(-1);
  if (!part) return 0;
  const share = Math.max(0, Math.min(1, (time - part.from) / (part.to - part.from)));
  return part.start + share * (part.end - part.start);
}

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1_000);
/** The room that a label needs, in pixels. */
const LABEL = 72;

export interface Tick {
  at: number;
  /** Where, from 0 to 1. */
  place: number;
}

/** Times at the axis, far enough from each other to be read at a width. */
export function ticksOf(parts: readonly Part[], width: number): Tick[] {
  const work = parts.filter(({ idle }) => !idle);
  const [long, wide] = work.reduce(([time, share], part) => [time + part.to - part.from, share + part.end - part.start], [0, 0]);
  const step = STEPS.find((each) => (each / long) * wide * width >= LABEL) ?? STEPS.at(-1) ?? 1;
  const ticks: Tick[] = [];
  for (const part of work) {
    // Full hours are full where one lives.
    const offset = new Date(part.from).getTimezoneOffset() * 60_000;
    for (let at = Math.ceil((part.from - offset) / step) * step + offset; at <= part.to; at += step) {
      const place = placeOf(parts, at);
      const last = ticks.at(-1);
      if ((last === undefined || (place - last.place) * width >= LABEL) && place * width <= width - LABEL / 2) ticks.push({ at, place });
    }
  }
  return ticks;
}

/** What stands on a line: attempts, together where each by itself would be too small to be pressed. */
export interface Bar {
  left: number;
  width: number;
  spans: Span[];
}

/** The least that can be pressed, in pixels. */
export const SMALLEST = 24;

export function barsOf(spans: readonly Span[], parts: readonly Part[], width: number): Bar[] {
  const bars: Bar[] = [];
  for (const span of spans.filter(({ kind }) => kind === 'work')) {
    const from = placeOf(parts, span.from) * width;
    const long = Math.max(SMALLEST, placeOf(parts, span.to) * width - from);
    const left = Math.max(0, Math.min(from, width - long));
    const last = bars.at(-1);
    if (last && left < last.left + last.width) {
      last.width = Math.max(last.width, left + long - last.left);
      last.spans.push(span);
    } else bars.push({ left, width: long, spans: [span] });
  }
  return bars;
}
