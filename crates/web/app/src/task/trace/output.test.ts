import { expect, it } from 'vitest';
import type { TraceEntry } from '../../api/generated/team6.schemas';
import { lastOutput } from './output';

const trace = (...bodies: object[]) => bodies.map((body, at) => ({ seq: at + 1, at, body }) as TraceEntry);
const call = (id: string, status: string, output?: string) => ({ kind: 'tool_call', id, tool: 'execute', title: `run ${id}`, status, output });
const said = { kind: 'message', text: 'I give up.' };
const textOf = (entries: TraceEntry[], lines = 20) => lastOutput(entries, lines)?.spans.map(({ text }) => text).join('');

it('the last call that failed is told before what came after it', () => {
  const entries = trace(call('a', 'failed', 'no such file\n'), call('b', 'completed', 'fine\n'), said);
  expect(lastOutput(entries, 20)).toMatchObject({ seq: 1, title: 'run a', failed: true });
  expect(textOf(entries)).toBe('no such file');
});

it('a failed call without output does not hide what was printed', () => {
  expect(textOf(trace(call('a', 'completed', 'fine'), call('b', 'failed')))).toBe('fine');
  expect(textOf(trace(call('a', 'completed', 'fine'), { kind: 'stderr', text: 'it ' }, { kind: 'stderr', text: 'broke' }))).toBe('it broke');
  expect(lastOutput(trace(call('a', 'completed'), said), 20)).toBeNull();
});

it('a call is told by its last state', () => {
  expect(textOf(trace(call('a', 'in_progress', 'one'), call('a', 'failed', 'one\ntwo')))).toBe('one\ntwo');
});

it('only the last lines are told, without what would hide or lengthen them', () => {
  const lines = Array.from({ length: 30 }, (_, at) => String(at + 1));
  expect(textOf(trace(call('a', 'failed', lines.join('\n'))), 3)).toBe('28\n29\n30');
  expect(textOf(trace(call('a', 'failed', ' 10%\r 90%\rdone\r\n\u001b[31mred\u001b[0m \u202eturned')))).toBe('done\nred turned');
  const long = textOf(trace(call('a', 'failed', `begin\n${'x'.repeat(1_000_000)}`))) ?? '';
  expect(long).toMatch(/x … \d+ more characters$/);
  expect(long.length).toBeLessThan(2_100);
});
