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
    view.update(rows, 0, 'errors', '');
  }
  expect(view.places).toEqual(new View().update(rows, 0, 'errors', '').places);
});

it('what is put before the others is shown too', () => {
  const view = new View().update([row(2), row(3)], 0, 'all', '');
  expect(view.update([row(1), row(2), row(3)], 1, 'all', '').places).toEqual([0, 1, 2]);
});

it('a row that comes costs the same in a long trace', () => {
  const rows = Array.from({ length: 100_000 }, (_, at) => row(at + 1));
  const view = new View().update(rows, 0, 'all', '');
  const began = performance.now();
  for (let more = 0; more < 100; more += 1) {
    rows.push(row(rows.length + 1));
    view.update(rows, 0, 'all', '');
  }
  // A hundred flushes, where looking at everything would take seconds.
  expect(performance.now() - began).toBeLessThan(200);
  expect(view.places).toHaveLength(100_100);
});
