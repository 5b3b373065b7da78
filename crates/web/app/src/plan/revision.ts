// A revision by the planning agent is a version like any other; until somebody has looked at it, each of its pieces can
// be kept or taken back. What this browser decided is remembered by it.
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import type { Draft } from './draft';
import { readKept, writeKept } from '../ui/kept';
import { type Plan, same, taskAt } from './model';
import { type Piece, piecesOf } from './pieces';
import { planVersion, planVersions } from './queries';

export interface Revision {
  version: number;
  by: string;
  /** Those that still stand and that nobody has decided here. */
  pieces: Piece[];
  keep: (pieces: readonly Piece[]) => void;
}

export function useRevision(detail: SprintDetail, draft: Draft): Revision | null {
  const { id } = detail.sprint;
  const approved = detail.approval?.version ?? 0;
  const { data: versions = [] } = useQuery(planVersions(id, detail.plan?.version ?? 0, approved));
  const last = versions.findLast(({ by, version }) => by.author === 'agent' && version > Math.max(1, approved));
  const { data: before } = useQuery(planVersion(id, last ? last.version - 1 : 0));
  const { data: after } = useQuery(planVersion(id, last?.version ?? 0));
  const name = `plan.revision.${id}.${last?.version ?? 0}`;
  useSyncExternalStore(subscribe, () => decided);
  if (!last || !before || !after) return null;
  const settled = new Set(readKept<string[]>(name) ?? []);
  const pieces = piecesOf(before.plan, after.plan).filter((piece) => !settled.has(piece.id) && stands(draft.plan, piece));
  const keep = (kept: readonly Piece[]) => {
    writeKept(name, [...settled, ...kept.map((piece) => piece.id)]);
    decided += 1;
    listeners.forEach((listener) => listener());
  };
  return { version: last.version, by: last.by.name, pieces, keep };
}

/** How often somebody decided, for those who show what is left. */
let decided = 0;
const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whether a plan still has what a piece made of it. */
function stands(plan: Plan, piece: Piece): boolean {
  switch (piece.kind) {
    case 'title':
    case 'prd':
      return plan[piece.kind] === piece.after;
    case 'added':
      return taskAt(plan, piece.task.key) !== undefined;
    case 'removed':
      return taskAt(plan, piece.task.key) === undefined;
    case 'field':
      return same(taskAt(plan, piece.key)?.[piece.field], piece.after);
    case 'order': {
      const now = plan.tasks.map(({ key }) => key).filter((key) => piece.before.includes(key));
      return !same(now, piece.before.filter((key) => now.includes(key)));
    }
  }
}
