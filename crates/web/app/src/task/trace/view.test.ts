import { expect, it } from 'vitest';
import type { Row } from './rows';
import { View } from './view';

const row = (seq: number, state: Row['state'] = null): Row => ({
  seq,
  kind: 'tool_call',
  at: 0,
  until: 0,
  verb: 'runs',
  text: `echo ${seq}`,
  state,
  entries: [],
});

it('it shows the same as one that looks at everything, however the list grows and changes', () => {
  const rows: Row[] = [];
  const view = new View();
  for (let seq = 1; seq <= 2_000; seq += 1) {
    rows.push(row(seq, seq % 7 === 0 ? 'failed' : 'running'));
    const late = rows.length - 20;
    if (late >= 0 && rows[late]?.state === 'running') rows[late] = row(late + 1, late % 3 === 0 ? 'failed' : 'ok');
    view.update(rows, 'errors', '');
  }
  expect(view.places).toEqual(new View().update(rows, 'errors', '').places);
});

it('what is put before the others is shown too, whatever became of them', () => {
  const [old, gone, still] = [row(4, 'failed'), row(5, 'failed'), row(6, 'failed')];
  const view = new View().update([old, gone, still], 'errors', '');
  const rows = [row(1, 'failed'), row(2), row(3, 'failed'), row(4), still, row(7, 'failed')];
  expect(view.update(rows, 'errors', '').places).toEqual([0, 2, 4, 5]);
  expect(view.update(rows, 'all', '').places).toEqual([0, 1, 2, 3, 4, 5]);
});

it('a place that is not shown is where the last one before it is', () => {
  const view = new View().update([row(1), row(2, 'failed'), row(3), row(4, 'failed')], 'errors', '');
  expect([0, 1, 2, 3, 9].map((place) => view.at(place))).toEqual([-1, 0, 0, 1, 1]);
});

it('a row that comes costs the same in a long trace', () => {
  const rows = Array.from({ length: 100_000 }, (_, at) => row(at + 1));
  const view = new View().update(rows, 'all', '');
  const began = performance.now();
  for (let more = 0; more < 100; more += 1) {
    rows.push(row(rows.length + 1));
    view.update(rows, 'all', '');
  }
  // A hundred flushes, where looking at everything would take seconds.
  expect(performance.now() - began).toBeLessThan(200);
  expect(view.places).toHaveLength(100_100);
});
