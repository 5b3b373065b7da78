// What the open branches of a sprint come to when they are merged, over all of its repositories.
import type { ConflictingFile, RepositoryConflicts, SprintTask, TaskId } from '../api/generated/team6.schemas';
import { shown } from '../review/names';
import { groupOf, statusOf } from '../ui/status';

/** Two tasks whose branches conflict, and where. */
export interface Clash {
  one: TaskId;
  other: TaskId;
  files: string[];
}

export interface Merges {
  repositories: readonly RepositoryConflicts[];
  clashes: readonly Clash[];
  /** The tasks whose branch conflicts with its target branch, and where. */
  behind: ReadonlyMap<TaskId, string[]>;
  /** The tasks with an open branch. */
  open: ReadonlySet<TaskId>;
}

export const NO_MERGES: Merges = { repositories: [], clashes: [], behind: new Map(), open: new Set() };

export function mergesOf(repositories: readonly RepositoryConflicts[]): Merges {
  const clashes = new Map<string, Clash>();
  const behind = new Map<TaskId, string[]>();
  const open = new Set<TaskId>();
  for (const { repository, branches, pairs } of repositories) {
    const names = (files: readonly ConflictingFile[]) => files.map(({ path }) => `${repository}/${shown(path)}`);
    for (const { task, conflicts } of branches) {
      open.add(task);
      if (conflicts.length > 0) behind.set(task, [...(behind.get(task) ?? []), ...names(conflicts)]);
    }
    for (const { one, other, files } of pairs) {
      const clash = clashes.get(`${one} ${other}`) ?? { one, other, files: [] };
      clash.files.push(...names(files));
      clashes.set(`${one} ${other}`, clash);
    }
  }
  return { repositories, clashes: [...clashes.values()], behind, open };
}

/** How many conflicts there are, each pair counted once. */
export function countOf({ clashes, behind }: Merges): number {
  return clashes.length + behind.size;
}

/** How many files of a conflict are named. */
const NAMED = 3;

export function clashText({ one, other, files }: Clash): string {
  return `T-${one} conflicts with T-${other} in ${named(files)}`;
}

/** What the branch of a task conflicts with, a line each. */
export function conflictsOf({ clashes, behind }: Merges, task: TaskId): string[] {
  const base = behind.get(task);
  const others = clashes.flatMap(({ one, other, files }) =>
    one === task || other === task ? [`conflicts with T-${one === task ? other : one} in ${named(files)}`] : [],
  );
  return [...(base ? [`conflicts with its target branch in ${named(base)}`] : []), ...others];
}

function named(files: readonly string[]): string {
  const more = files.length - NAMED;
  return files.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** What the forecast hangs on, as far as the sprint tells: which branches are open since when, and what was merged. */
export function mergedState(tasks: readonly SprintTask[]): string {
  const of = ({ task: { id, state, since, attempts } }: SprintTask) =>
    statusOf(state) === 'review' ? [`${id}:${since}`] : groupOf(state) === 'done' && attempts > 0 ? [`${id}:done`] : [];
  return tasks.flatMap(of).join(' ');
}
