// The files of a review, in the order in which they are gone through: that of the tree beside them. Pure.
import type { ChangedFile, PullRequestDiff, RepositoryId } from '../api/generated/team6.schemas';
import { shown } from './names';

export interface ReviewFile {
  /** Unique on the page. */
  id: string;
  repository: RepositoryId;
  /** As the API knows it, which is also how comments name it. */
  path: string;
  /** As people read it. */
  name: string;
  file: ChangedFile;
  /** Changes when anything that is shown of the file does. */
  mark: string;
}

/** A folder with what lies in it directly, as the tree shows it. */
export interface Folder {
  name: string;
  files: ReviewFile[];
}

/** The files of a repository's diff in the order of its tree. */
export function filesOf({ repository, files }: Pick<PullRequestDiff, 'repository' | 'files'>): ReviewFile[] {
  const all = files.map((file) => {
    const path = file.new ?? file.old ?? '';
    return { id: `${repository}/${path}`, repository, path, name: shown(path), file, mark: markOf(file) };
  });
  return all.sort((one, other) => inOrder(one.path, other.path));
}

/** Folder by folder, what lies deeper first, so that a folder is never left and entered again. */
function inOrder(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let depth = 0; ; depth++) {
    const [aEnds, bEnds] = [depth === a.length - 1, depth === b.length - 1];
    if (aEnds !== bEnds) return aEnds ? 1 : -1;
    const [x = '', y = ''] = [a[depth], b[depth]];
    if (x !== y) return x < y ? -1 : 1;
    if (aEnds) return 0;
  }
}

export function foldersOf(files: readonly ReviewFile[]): Folder[] {
  const folders: Folder[] = [];
  for (const file of files) {
    const name = shown(file.path.slice(0, Math.max(0, file.path.lastIndexOf('/'))));
    const last = folders.at(-1);
    if (last?.name === name) last.files.push(file);
    else folders.push({ name, files: [file] });
  }
  return folders;
}

/** The file before or after another one; the first one if there is none yet. */
export function step(files: readonly ReviewFile[], at: string | null, by: 1 | -1): ReviewFile | undefined {
  const place = files.findIndex(({ id }) => id === at);
  return place < 0 ? files[0] : files[Math.max(0, Math.min(files.length - 1, place + by))];
}

/** A short text for all that a diff shows of a file (cyrb53 of its parts). */
function markOf(file: ChangedFile): string {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  const take = (text: string) => {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      one = Math.imul(one ^ code, 2654435761);
      two = Math.imul(two ^ code, 1597334677);
    }
    one = Math.imul(one ^ 10, 2654435761);
  };
  take(`${file.change} ${file.old ?? ''} ${file.new ?? ''} ${file.mode?.old ?? ''} ${file.mode?.new ?? ''} ${file.content.content}`);
  if (file.content.content === 'text')
    for (const hunk of file.content.hunks) for (const { kind, text } of hunk.lines) take(kind + text);
  return (4294967296 * (2097151 & two) + (one >>> 0)).toString(36);
}
