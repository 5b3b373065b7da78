// The files beside the diff, by repository and folder, with those that were looked at.
import { cx } from '../ui/cx';
import { type ReviewFile, foldersOf } from './files';
import type { Section } from './useReview';

interface Props {
  sections: readonly Section[];
  at: string | null;
  isViewed: (file: ReviewFile) => boolean;
  onGo: (id: string) => void;
}

export function FileTree({ sections, at, isViewed, onGo }: Props) {
  return sections.map(({ pull: { repository, number }, files }) => (
    <section key={repository} aria-label={`Files of ${repository}`}>
      <h2 className="sticky top-0 z-10 flex h-7 items-center gap-2 border-b border-line bg-canvas px-3 font-mono text-dense text-muted">
        <span className="truncate">{repository}</span>
        {number != null && <span className="text-faint">#{number}</span>}
        <span className="ml-auto text-faint">{files.length}</span>
      </h2>
      {foldersOf(files).map(({ name, files: within }) => (
        <div key={name} className="py-0.5">
          {name !== '' && (
            <p title={name} className="truncate px-3 pt-1 font-mono text-meta text-faint">
              {name}/
            </p>
          )}
          <ul>
            {within.map((file) => (
              <li key={file.id}>
                <Row file={file} isCurrent={file.id === at} isViewed={isViewed(file)} onGo={onGo} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  ));
}

function Row({ file, isCurrent, isViewed, onGo }: { file: ReviewFile; isCurrent: boolean; isViewed: boolean; onGo: (id: string) => void }) {
  const { name, file: changed } = file;
  return (
    <button
      type="button"
      title={name}
      aria-current={isCurrent || undefined}
      onClick={() => onGo(file.id)}
      className="flex h-7 w-full items-center gap-2 px-3 text-left font-mono text-dense hover:bg-hover aria-[current]:bg-hover pointer-coarse:h-11"
    >
      <span aria-hidden className={cx('w-3 shrink-0 text-center', isViewed ? 'text-st-done' : 'text-faint')}>
        {isViewed ? '✓' : CHANGE[changed.change]}
      </span>
      <span className={cx('min-w-0 flex-1 truncate', isViewed && 'text-faint')}>{name.slice(name.lastIndexOf('/') + 1)}</span>
      <span className="sr-only">
        {changed.change}
        {isViewed && ', viewed'}
      </span>
      <span className="shrink-0 text-faint">
        +{changed.additions} −{changed.deletions}
      </span>
    </button>
  );
}

const CHANGE = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R', copied: 'C' } as const;
