// What is to be made and why, in markdown that everybody can edit, beside how it reads.
import { useId, useState } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { Markdown, Readable } from '../ui/markdown/Markdown';
import { SkeletonRows } from '../ui/Skeleton';
import { Writes } from '../wait/Writes';
import { Sources } from './Sources';
import type { Draft } from './draft';

type Side = 'write' | 'read';

export function PrdStep({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const id = useId();
  // Where there is no room for both.
  const [side, setSide] = useState<Side>('write');
  const { plan } = draft;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div role="group" aria-label="Side" className="flex border-b border-line px-2 desk:hidden">
        {(['write', 'read'] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={side === each}
            onClick={() => setSide(each)}
            className="h-11 px-3 text-muted capitalize aria-pressed:font-medium aria-pressed:text-fg"
          >
            {each}
          </button>
        ))}
      </div>
      <div className="flex min-h-0 flex-1">
        <div className={`flex min-h-0 min-w-0 flex-1 flex-col ${side === 'write' ? '' : 'max-desk:hidden'}`}>
          <Writes>
            <label htmlFor={`${id}-title`} className="sr-only">
              Title of the sprint
            </label>
            <input
              id={`${id}-title`}
              value={plan.title}
              placeholder={detail.sprint.title}
              maxLength={200}
              onChange={(event) => draft.edit((now) => ({ ...now, title: event.target.value }))}
              className="h-11 shrink-0 border-b border-line bg-transparent px-4 text-head font-semibold placeholder:text-faint focus-visible:outline-offset-[-2px]"
            />
            <label htmlFor={id} className="sr-only">
              The PRD in markdown
            </label>
            <textarea
              id={id}
              value={plan.prd}
              placeholder="What is to be made, for whom, and what not"
              onChange={(event) => draft.edit((now) => ({ ...now, prd: event.target.value }))}
              className="min-h-0 flex-1 resize-none bg-transparent px-4 py-3 font-mono text-dense leading-5 placeholder:text-faint focus-visible:outline-offset-[-2px]"
            />
          </Writes>
        </div>
        <section
          aria-label="How the PRD reads"
          tabIndex={0}
          className={`min-h-0 min-w-0 flex-1 overflow-y-auto border-line px-4 py-3 desk:border-l ${side === 'read' ? '' : 'max-desk:hidden'}`}
        >
          <div className="max-w-[68ch]">
            <Readable fallback={<SkeletonRows rows={10} label="Loading how it reads" />}>
              <Markdown text={plan.prd} />
            </Readable>
            <Sources detail={detail} />
          </div>
        </section>
      </div>
    </div>
  );
}
