import { expect, it } from 'vitest';
import type { TraceBody } from '../../api/generated/team6.schemas';
import { type Row, Rows } from './rows';
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

it('what comes before it, a call among it that went on later, leaves every place right', () => {
  const body = (seq: number): TraceBody => {
    if (seq === 490 || seq === 520) return { kind: 'tool_call', id: 'long', title: 'cargo test', tool: 'execute', status: seq === 490 ? 'pending' : 'failed' };
    return seq % 3 === 0 ? { kind: 'usage', input_tokens: 1, output_tokens: 1, cost_micros: 1, cached_input_tokens: 0 } as TraceBody : { kind: 'note', text: `note ${seq}` };
  };
  const entries = Array.from({ length: 1_000 }, (_, at) => ({ seq: at + 1, at, body: body(at + 1) }));
  for (const filter of ['all', 'errors'] as const) {
    const [rows, view] = [new Rows(), new View()];
    for (const entry of entries.slice(500)) rows.push(entry);
    view.update(rows.list, filter, '');
    rows.prepend(entries.slice(0, 500));
    expect(view.update(rows.list, filter, '').places).toEqual(new View().update(rows.list, filter, '').places);
  }
});
