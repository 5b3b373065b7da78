// Which files of the code base the planning agent read for a plan. Pure.
import type { AttemptId, TraceEntry } from '../api/generated/team6.schemas';
import { Rows } from '../task/trace/rows';

/** A file, and where the trace of the agent has it first. */
export interface Source {
  path: string;
  attempt: AttemptId;
  seq: number;
}

/** The files that the agent read in its attempts, in the order of the first time; what it could not read is no source. */
export function sourcesOf(traces: readonly { attempt: AttemptId; entries: readonly TraceEntry[] }[]): Source[] {
  const found = new Map<string, Source>();
  for (const { attempt, entries } of traces) {
    const rows = new Rows();
    for (const entry of entries) rows.push(entry);
    for (const row of rows.list) {
      const body = row.entries[0]?.body;
      if (body?.kind !== 'tool_call' || body.tool !== 'read' || row.state === 'failed') continue;
      for (const path of body.locations ?? []) if (!found.has(path)) found.set(path, { path, attempt, seq: row.seq });
    }
  }
  return [...found.values()];
}
