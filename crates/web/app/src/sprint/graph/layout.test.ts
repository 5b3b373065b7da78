import { expect, it } from 'vitest';
import type { SprintTask } from '../../api/generated/team6.schemas';
import { frontier, layout, neighbour, related } from './layout';

function task(id: number, level: number, depends_on: number[] = [], state = 'waiting'): SprintTask {
  return {
    depends_on,
    estimate_minutes: 10,
    in_plan: true,
    key: `task-${id}`,
    level,
    task: { id, sprint: 1, title: `Task ${id}`, state, since: 0, attempts: 0, approved: true },
  };
}

const DIAMOND = [task(1, 0, [], 'done'), task(2, 1, [1], 'in progress'), task(3, 1, [1]), task(4, 2, [2, 3])];

it('a task stands to the right of what it waits for, and no two in one place', () => {
  const placed = layout(DIAMOND);
  for (const { task, depends_on } of DIAMOND)
    for (const id of depends_on) expect(placed.get(id)?.x).toBeLessThan(placed.get(task.id)?.x ?? 0);
  expect(new Set([...placed.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(DIAMOND.length);
});

it('edges of separate chains do not cross', () => {
  const chains = [task(1, 0), task(2, 0), task(3, 1, [2]), task(4, 1, [1])];
  const placed = layout(chains);
  const above = (one: number, other: number) => (placed.get(one)?.y ?? 0) < (placed.get(other)?.y ?? 0);
  expect(above(1, 2)).toBe(above(4, 3));
});

it('five hundred tasks are placed in a tenth of a second', () => {
  const many = Array.from({ length: 500 }, (_, at) =>
    task(at + 1, Math.floor(at / 20), at < 20 ? [] : [at - 18, at - 19, ((at * 7) % 20) + 20 * (Math.floor(at / 20) - 1) + 1]),
  );
  // The quickest of a few, since the machine may be busy with something else.
  const took = Array.from({ length: 7 }, () => {
    const began = performance.now();
    layout(many);
    return performance.now() - began;
  });
  expect(Math.min(...took)).toBeLessThan(100);
});

it('it opens where the work is', () => {
  expect(frontier(DIAMOND)).toEqual([2]);
  expect(frontier([task(1, 0), task(2, 1, [1])])).toEqual([1]);
  expect(frontier([task(1, 0, [], 'done')])).toEqual([1]);
});

it('what is lit is what stands before and what waits', () => {
  expect(related(DIAMOND, 2)).toEqual(new Set([1, 2, 4]));
});

it('arrow keys walk along the edges and within a rank', () => {
  const go = (from: number, key: string) => neighbour(DIAMOND, layout(DIAMOND), from, key);
  expect(go(2, 'ArrowLeft')).toBe(1);
  expect(go(2, 'ArrowRight')).toBe(4);
  expect([go(2, 'ArrowDown'), go(2, 'ArrowUp')]).toContain(3);
  expect(go(1, 'ArrowLeft')).toBeNull();
});
