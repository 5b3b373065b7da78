// What stands above the lines of a file, and above the files of a repository.
import type { MergeForecast } from '../api/generated/team6.schemas';
import { cx } from '../ui/cx';
import { shown } from './names';
import type { ReviewFile } from './files';
import type { Section } from './useReview';

interface Props {
  file: ReviewFile;
  isFolded: boolean;
  isViewed: boolean;
  onFold: () => void;
  onView: () => void;
  onComment: () => void;
}

export function FileHeader({ file, isFolded, isViewed, onFold, onView, onComment }: Props) {
  const { name, file: changed } = file;
  const before = changed.old !== null && changed.old !== undefined && changed.old !== changed.new && changed.new != null ? shown(changed.old) : null;
  const isText = changed.content.content === 'text';
  return (
    <div className="flex h-9 items-center gap-2 border-y border-line bg-surface px-2 font-mono text-dense text-fg pointer-coarse:h-11">
      <button
        type="button"
        aria-expanded={!isFolded}
        aria-label={`Lines of ${name}`}
        disabled={!isText}
        onClick={onFold}
        className="flex size-6 shrink-0 items-center justify-center rounded-sm text-muted enabled:hover:bg-hover disabled:opacity-0 pointer-coarse:size-11"
      >
        <span aria-hidden className={cx('transition-transform', isFolded ? '' : 'rotate-90')}>
          ›
        </span>
      </button>
      <h3 className="min-w-0 truncate font-medium" title={name}>
        {before && <span className="font-normal text-muted">{before} → </span>}
        {name}
      </h3>
      {!isText && <span className="shrink-0 text-muted max-desk:hidden">It is not text.</span>}
      {changed.mode && (
        <span className="shrink-0 text-muted max-desk:hidden">
          {changed.mode.old} → {changed.mode.new}
        </span>
      )}
      <span className="ml-auto shrink-0 text-muted max-desk:hidden">
        +{changed.additions} −{changed.deletions}
      </span>
      {isText && (
        <button
          type="button"
          onClick={onComment}
          className="h-6 shrink-0 rounded-sm px-1.5 font-sans text-muted hover:bg-hover hover:text-fg max-desk:hidden"
        >
          Comment
        </button>
      )}
      <label className="flex h-6 shrink-0 cursor-pointer items-center gap-1.5 rounded-sm px-1.5 font-sans text-muted hover:bg-hover hover:text-fg max-desk:ml-auto pointer-coarse:h-11">
        <input type="checkbox" checked={isViewed} onChange={onView} className="size-3.5 accent-(--accent)" aria-label={`Viewed ${name}`} />
        Viewed
      </label>
    </div>
  );
}

export function RepositoryHeader({ section, forecast }: { section: Section; forecast: MergeForecast | undefined }) {
  const { pull, files } = section;
  return (
    <div className="flex h-9 items-center gap-2 border-t border-line bg-canvas px-3 text-dense pointer-coarse:h-11">
      <h2 className="shrink-0 font-mono font-semibold">
        {pull.repository}
        {pull.number != null && <span className="ml-1.5 font-normal text-muted">#{pull.number}</span>}
      </h2>
      <span className="shrink-0 font-mono text-muted">{pull.head.slice(0, 10)}</span>
      <span className="min-w-0 truncate text-muted">
        {files.length === 0 ? 'nothing new since your last review' : forecast && pull.merged == null ? forecast.text : pull.state}
      </span>
    </div>
  );
}
