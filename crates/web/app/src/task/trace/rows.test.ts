import { expect, it } from 'vitest';
import type { TraceBody } from '../../api/generated/team6.schemas';
import { Rows, wanted, wholeText } from './rows';

function rowsOf(bodies: TraceBody[]) {
  const rows = new Rows();
  bodies.forEach((body, at) => rows.push({ seq: at + 1, at: at * 1_000, body }));
  return rows.list;
}

const call = (status: string, output?: string): TraceBody => ({
  kind: 'tool_call',
  id: 'c1',
  title: 'cargo test',
  tool: 'execute',
  status,
  ...(output ? { output } : {}),
});

it('further pieces of a message are one row with the whole text', () => {
  const [row, ...others] = rowsOf([
    { kind: 'message', text: 'I read ' },
    { kind: 'message', text: 'the code.\nThen' },
    { kind: 'message', text: ' I write.' },
  ]);
  expect(others).toEqual([]);
  expect(row?.text).toBe('I read the code.');
  expect(row && wholeText(row)).toBe('I read the code.\nThen I write.');
});

it('empty lines before a text are not its line', () => {
  const [row] = rowsOf(['\n\n', 'I ', 'read.', '\nThen', ' I write.'].map((text) => ({ kind: 'message', text })));
  expect(row?.text).toBe('I read.');
  expect(row?.entries.length).toBe(5);
});

it('every entry has a row, also one that told of an earlier state of a call', () => {
  const bodies: TraceBody[] = [call('pending'), call('in_progress', '1'), { kind: 'note', text: 'meanwhile' }, call('in_progress', '2'), call('completed', '3')];
  const entries = bodies.map((body, at) => ({ seq: at + 1, at, body }));
  for (let seam = 0; seam <= entries.length; seam += 1) {
    const rows = new Rows();
    for (const entry of entries.slice(seam)) rows.push(entry);
    rows.prepend(entries.slice(0, seam));
    expect([1, 2, 3, 4, 5].map((seq) => rows.list[rows.placeOf(seq)]?.verb)).toEqual(['runs', 'runs', 'engine', 'runs', 'runs']);
  }
});

it('a tool call is one row, which tells what is known of it now', () => {
  const rows = rowsOf([call('pending'), { kind: 'note', text: 'meanwhile' }, call('failed', 'exit 1')]);
  expect(rows.map(({ seq, verb, state }) => [seq, verb, state])).toEqual([
    [1, 'runs', 'failed'],
    [2, 'engine', null],
  ]);
  expect(rows[0]?.until).toBe(2_000);
});

it('the id of a call that is used again in a later turn is another call', () => {
  const bodies: TraceBody[] = [call('pending'), call('completed'), { kind: 'prompt', text: 'go on' }, { ...call('pending'), title: 'git commit' } as TraceBody, call('failed')];
  const entries = bodies.map((body, at) => ({ seq: at + 1, at, body }));
  for (let seam = 0; seam <= entries.length; seam += 1) {
    const rows = new Rows();
    for (const entry of entries.slice(seam)) rows.push(entry);
    rows.prepend(entries.slice(0, seam));
    expect(rows.list.map(({ seq, state }) => [seq, state])).toEqual([
      [1, 'ok'],
      [3, null],
      [4, 'failed'],
    ]);
    expect([1, 2, 3, 4, 5].map((seq) => rows.placeOf(seq))).toEqual([0, 0, 1, 2, 2]);
  }
});

it('the errors of a trace are what failed, turns among it, and what was said on the error stream', () => {
  const rows = rowsOf([
    { kind: 'message', text: 'fine' },
    call('failed'),
    { kind: 'engine', tool: 'complete_task', accepted: false, answer: 'tests are missing' },
    { kind: 'stderr', text: 'panic' },
    { kind: 'turn_ended', reason: 'error' },
    { kind: 'note', text: 'the attempt failed: tests are red', failed: true },
    { kind: 'note', text: 'its workspace stays' },
    { kind: 'turn_ended', reason: 'cancelled' },
    { kind: 'turn_ended', reason: 'end_turn' },
  ]);
  expect(rows.filter((row) => wanted(row, 'errors', '')).map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6]);
  expect(rows.filter((row) => wanted(row, 'all', 'CARGO')).map(({ seq }) => seq)).toEqual([2]);
});

it('a row of a line of ten megabytes is short', () => {
  const [row] = rowsOf([{ kind: 'stderr', text: 'x'.repeat(10_000_000) }]);
  expect(row?.text.length).toBeLessThanOrEqual(240);
});

it('a call of the engine is told once, by what the engine said to it', () => {
  const rows = rowsOf([
    { kind: 'tool_call', id: 'c2', title: 'mcp__team6__report_progress', tool: 'other', status: 'completed' },
    { kind: 'engine', tool: 'report_progress', accepted: true, answer: 'Noted.' },
  ]);
  expect(rows.filter((row) => wanted(row, 'all', '')).map(({ verb }) => verb)).toEqual(['report progress']);
});

it('entries that come page by page from the end make the same rows as all of them in order', () => {
  let state = 11;
  const random = (most: number) => Math.floor(((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31) * most);
  const body = (): TraceBody => {
    const text = ['\n', 'a piece ', 'of a text', '.\nMore', ' x'.repeat(200)][random(5)] ?? '';
    const status = ['pending', 'in_progress', 'completed', 'failed'][random(4)] ?? '';
    const id = `c${random(6)}`;
    const kinds: TraceBody[] = [
      { kind: 'message', text },
      { kind: 'thought', text },
      { kind: 'tool_call', id, title: `${id} ${status}`, tool: 'execute', status },
      { kind: 'prompt', text },
    ];
    return kinds[random(4)] ?? { kind: 'stderr', text };
  };
  for (let trace = 0; trace < 200; trace += 1) {
    const entries = Array.from({ length: 60 }, (_, at) => ({ seq: at + 1, at, body: body() }));
    const [whole, parts] = [new Rows(), new Rows()];
    for (const entry of entries) whole.push(entry);
    let first = 50;
    for (const entry of entries.slice(first, 55)) parts.push(entry);
    for (; first > 0; first = Math.max(0, first - 7)) parts.prepend(entries.slice(Math.max(0, first - 7), first));
    for (const entry of entries.slice(55)) parts.push(entry);
    expect(parts.list).toEqual(whole.list);
    expect(parts.turns).toEqual(whole.turns);
  }
});

it('a kind of tool that means something else to JavaScript is only a word', () => {
  const [row] = rowsOf([{ kind: 'tool_call', id: 'c1', title: 'x', tool: '__proto__', status: 'completed' }]);
  expect(row?.verb).toBe('__proto__');
});
