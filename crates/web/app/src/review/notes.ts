// What stands between the lines: threads of earlier reviews, and comments that are being written. Pure.
import type { ChangedFile, Thread } from '../api/generated/team6.schemas';
import type { ReviewFile } from './files';
import type { Draft } from './kept';
import { type Lines, moved, placeOf, shows } from './ranges';

export type ReviewNote = { key: string; lines: Lines | null } & ({ is: 'thread'; thread: Thread } | { is: 'draft'; draft: Draft });

/** The notes of each file, by its id, and those whose file is not shown. */
export interface Placed {
  at: Map<string, ReviewNote[]>;
  elsewhere: ReviewNote[];
}

type Since = (review: number, repository: string, path: string) => ChangedFile | undefined;

/** Where notes stand. `whole` is whether all changes are shown, so that old lines are those of the base. */
export function placed(files: readonly ReviewFile[], threads: readonly Thread[], drafts: readonly Draft[], since: Since, whole: boolean): Placed {
  const [at, elsewhere]: [Placed['at'], ReviewNote[]] = [new Map(), []];
  const put = (note: ReviewNote, repository: string, path: string) => {
    const file = files.find((each) => each.repository === repository && (each.path === path || each.file.old === path));
    if (!file || file.file.content.content !== 'text' || file.file.content.hunks.length === 0) return void elsewhere.push(note);
    const { lines } = note;
    const isShown = lines !== null && shows(file.file, lines) && (whole || !lines.old);
    at.set(file.id, [...(at.get(file.id) ?? []), isShown ? note : { ...note, lines: null }]);
  };
  for (const thread of threads) {
    const { repository, path, lines } = placeOf(thread.comment);
    const changed = since(thread.review, repository, path);
    const now = lines === null || lines.old ? lines : { ...lines, first: moved(lines.first, changed), last: moved(lines.last, changed) };
    put({ is: 'thread', key: `thread ${thread.id}`, lines: now, thread }, repository, changed?.new ?? path);
  }
  for (const draft of drafts) {
    const { repository, path, lines } = draft.place;
    put({ is: 'draft', key: `draft ${draft.id}`, lines, draft }, repository, path);
  }
  return { at, elsewhere };
}
