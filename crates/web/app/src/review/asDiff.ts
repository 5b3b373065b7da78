// What the API tells of a changed file as the diff view takes it.
import type { ChangedFile } from '../api/generated/team6.schemas';
import { shownLine } from './names';

const SIGN = { added: '+', deleted: '-', context: ' ' } as const;

/** The file as a unified diff. Its names are left out: they may hold anything. */
export function asUnified({ content }: ChangedFile): string {
  if (content.content !== 'text') return '';
  const text = ['--- before', '+++ after'];
  for (const { old_start, new_start, heading, lines } of content.hunks) {
    const count = (side: 'added' | 'deleted') => lines.filter(({ kind }) => kind === 'context' || kind === side).length;
    const where = `@@ -${old_start},${count('deleted')} +${new_start},${count('added')} @@`;
    text.push(heading === '' ? where : `${where} ${shownLine(heading)}`);
    for (const line of lines) text.push(SIGN[line.kind] + shownLine(line.text));
  }
  return `${text.join('\n')}\n`;
}

/** How many lines are shown of a file. */
export function linesIn({ content }: ChangedFile): number {
  return content.content === 'text' ? content.hunks.reduce((sum, { lines }) => sum + lines.length, 0) : 0;
}
