import { expect, it } from 'vitest';
import type { TraceBody, TraceEntry } from '../api/generated/team6.schemas';
import { sourcesOf } from './sources';

const call = (seq: number, tool: string, ...locations: string[]): TraceEntry => ({
  seq,
  at: 0,
  body: { kind: 'tool_call', id: `call-${seq}`, tool, title: tool, status: 'completed', locations } as TraceBody,
});

it('a file that was read counts once, by the first time, over all attempts', () => {
  const first = { attempt: 's1-a1', entries: [call(3, 'read', 'README.md'), call(4, 'edit', 'notes.md'), call(5, 'read', 'src/till.rs')] };
  const second = { attempt: 's1-a2', entries: [call(2, 'read', 'README.md', 'src/tax.rs')] };
  expect(sourcesOf([first, second])).toEqual([
    { path: 'README.md', attempt: 's1-a1', seq: 3 },
    { path: 'src/till.rs', attempt: 's1-a1', seq: 5 },
    { path: 'src/tax.rs', attempt: 's1-a2', seq: 2 },
  ]);
});

it('what could not be read is no source', () => {
  const failed = call(3, 'read', 'README.md');
  const begun = { ...failed, seq: 2, body: { ...failed.body, status: 'pending' } as TraceBody };
  const entries = [begun, { ...failed, body: { ...failed.body, status: 'failed' } as TraceBody }];
  expect(sourcesOf([{ attempt: 's1-a1', entries }])).toEqual([]);
});
