// What somebody has of a review in this browser only, by task: comments that are not sent, and files that were looked at.
// It survives a reload, and other tabs see it.
import { useSyncExternalStore } from 'react';
import type { TaskId } from '../api/generated/team6.schemas';
import type { Place } from './ranges';

export interface Draft {
  id: string;
  place: Place;
  text: string;
}

interface Kept {
  drafts: readonly Draft[];
  /** The files that were looked at, each by its mark, so that one that changes is new again. */
  viewed: readonly string[];
}

const NOTHING: Kept = { drafts: [], viewed: [] };
/** More marks than any review has files; older ones are of commits that nobody asks for any more. */
const MARKS = 3_000;

const known = new Map<TaskId, Kept>();
const listeners = new Set<() => void>();
const keyOf = (task: TaskId) => `team6.review.${task}`;

export function kept(task: TaskId): Kept {
  const before = known.get(task);
  if (before) return before;
  const read = readKept(store()?.getItem(keyOf(task)) ?? null);
  known.set(task, read);
  return read;
}

export function useKept(task: TaskId): Kept {
  return useSyncExternalStore(subscribe, () => kept(task));
}

/** Begins a comment; the one that already stands there and says nothing yet goes on. */
export function begin(task: TaskId, place: Place): Draft {
  const { drafts } = kept(task);
  const draft = { id: crypto.getRandomValues(new Uint32Array(2)).join('-'), place, text: '' };
  keep(task, { ...kept(task), drafts: [...drafts.filter(({ text }) => text.trim() !== ''), draft] });
  return draft;
}

export function write(task: TaskId, id: string, text: string) {
  keep(task, { ...kept(task), drafts: kept(task).drafts.map((draft) => (draft.id === id ? { ...draft, text } : draft)) });
}

export function drop(task: TaskId, id: string) {
  keep(task, { ...kept(task), drafts: kept(task).drafts.filter((draft) => draft.id !== id) });
}

/** What was sent is the server's now; what was written meanwhile stays. */
export function sent(task: TaskId, drafts: readonly Draft[]) {
  const now = kept(task);
  const isSent = (draft: Draft) => drafts.some(({ id, text }) => id === draft.id && text === draft.text);
  keep(task, { ...now, drafts: now.drafts.filter((draft) => !isSent(draft)) });
}

export function view(task: TaskId, mark: string, isViewed: boolean) {
  const others = kept(task).viewed.filter((each) => each !== mark);
  keep(task, { ...kept(task), viewed: isViewed ? [...others, mark].slice(-MARKS) : others });
}

/** Reads what was kept, whatever it is by now. */
export function readKept(text: string | null): Kept {
  try {
    const { drafts, viewed } = JSON.parse(text ?? '{}') as Partial<Kept>;
    return {
      drafts: Array.isArray(drafts) ? drafts.filter((draft) => typeof draft?.text === 'string' && draft.place) : [],
      viewed: Array.isArray(viewed) ? viewed.filter((mark) => typeof mark === 'string') : [],
    };
  } catch {
    return NOTHING;
  }
}

function keep(task: TaskId, next: Kept) {
  known.set(task, next);
  const lasting = { ...next, drafts: next.drafts.filter(({ text }) => text.trim() !== '') };
  const isNothing = lasting.drafts.length + lasting.viewed.length === 0;
  try {
    if (isNothing) store()?.removeItem(keyOf(task));
    else store()?.setItem(keyOf(task), JSON.stringify(lasting));
  } catch {
    // A browser that keeps nothing still shows it until it is closed.
  }
  listeners.forEach((listener) => listener());
}

function store(): Storage | null {
  return typeof localStorage === 'undefined' ? null : localStorage;
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', elsewhere);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('storage', elsewhere);
  };
}

/** Another tab wrote. */
function elsewhere({ key, newValue }: StorageEvent) {
  for (const task of known.keys()) if (key === keyOf(task)) known.set(task, readKept(newValue));
  listeners.forEach((listener) => listener());
}
