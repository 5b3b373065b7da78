// Which files of the code base the planning agent read for a plan. Pure.
import type { AttemptId, TraceEntry } from '../api/generated/team6.schemas';

/** A file, and where the trace of the agent has it first. */
export interface Source {
  path: string;
  attempt: AttemptId;
  seq: number;
}

/** The files that the agent read in its attempts, in the order of the first time. */
export function sourcesOf(traces: readonly { attempt: AttemptId; entries: readonly TraceEntry[] }[]): Source[] {
  const found = new Map<string, Source>();
  for (const { attempt, entries } of traces)
    for (const { seq, body } of entries) {
      if (body.kind !== 'tool_call' || body.tool !== 'read') continue;
      for (const path of body.locations ?? []) if (!found.has(path)) found.set(path, { path, attempt, seq });
    }
  return [...found.values()];
}
