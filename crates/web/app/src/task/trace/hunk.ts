// Where what an agent edited stands in what its task changes as a whole. Pure.
import type { ChangedFile, FileDiff } from '../../api/generated/team6.schemas';

/** Whether an edit is one of this file: a workspace of several repositories has a folder for each. */
export function isOf({ path }: FileDiff, repository: string, file: ChangedFile): boolean {
  return file.new != null && (path === file.new || path === `${repository}/${file.new}`);
}

/** The first line of the file that an edit brought and that is still there, as it is counted now. */
export function lineOf({ before, after }: FileDiff, { content }: ChangedFile): number | undefined {
  const had = new Set(before?.split('\n'));
  const brought = after.split('\n').filter((line) => line.trim() !== '' && !had.has(line));
  const lines = content.content === 'text' ? content.hunks.flatMap((hunk) => hunk.lines) : [];
  for (const wanted of brought) {
    const there = lines.find(({ kind, text }) => kind === 'added' && text === wanted);
    if (there?.new != null) return there.new;
  }
  return undefined;
}
