// How the plan stands: which version it is, whether what was typed is saved, and what came from others.
import { Link } from '@tanstack/react-router';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { asRequestError } from '../api/problem';
import { buttonClass } from '../ui/Button';
import { cx } from '../ui/cx';
import type { Draft } from './draft';
import { useRevision } from './revision';

interface Props {
  detail: SprintDetail;
  draft: Draft;
}

export function PlanBar({ detail, draft }: Props) {
  const revision = useRevision(detail, draft);
  const { text, wrong } = told(draft, detail);
  return (
    <div className="flex min-h-10 shrink-0 items-center gap-1 border-b border-line px-4 max-desk:flex-wrap max-desk:px-2 max-desk:py-1">
      <p role="status" aria-label="The plan" className={cx('min-w-0 flex-1 truncate text-dense max-desk:basis-full', wrong ? 'text-st-failed' : 'text-muted')} title={text}>
        {text}
      </p>
      {draft.conflicts.length > 0 && (
        <PanelLink panel="conflicts" look="act">
          Conflicts <span className="font-mono">{draft.conflicts.length}</span>
        </PanelLink>
      )}
      {revision && revision.pieces.length > 0 && (
        <PanelLink panel="revision" look="act">
          Revision <span className="font-mono">{revision.pieces.length}</span>
        </PanelLink>
      )}
      <PanelLink panel="revise">Ask for a revision</PanelLink>
      <PanelLink panel="versions">Versions</PanelLink>
    </div>
  );
}

function PanelLink({ panel, look = 'quiet', children }: { panel: 'conflicts' | 'revision' | 'revise' | 'versions'; look?: 'act' | 'quiet'; children: React.ReactNode }) {
  return (
    <Link
      from="/plan/$sprint/$step"
      search={{ panel }}
      replace
      className={buttonClass(look)}
    >
      {children}
    </Link>
  );
}

function told(draft: Draft, { approval, plan }: SprintDetail): { text: string; wrong: boolean } {
  const { standing, base } = draft;
  switch (standing.is) {
    case 'saved': {
      if (draft.conflicts.length > 0) return { text: `Version ${base.version}, but for ${draft.conflicts.length === 1 ? 'a conflict' : `${draft.conflicts.length} conflicts`} that you decide`, wrong: true };
      if (base.version === 0) return { text: 'No version yet', wrong: false };
      const isApproved = approval?.version === base.version;
      const runs = approval && !isApproved ? `; version ${approval.version} is what runs until this is approved` : '';
      return { text: `Saved as version ${base.version}${isApproved ? ', approved' : ''}${runs}${plan?.note ? ` (${plan.note})` : ''}`, wrong: false };
    }
    case 'edited':
      return { text: 'Edited; saved once you pause', wrong: false };
    case 'saving':
      return { text: 'Saving', wrong: false };
    case 'unfit':
      return { text: `Not saved: ${standing.problems.map(({ text }) => text).join('; ')}`, wrong: true };
    case 'refused':
      return { text: `Not saved: ${asRequestError(standing.error).message}`, wrong: true };
  }
}
