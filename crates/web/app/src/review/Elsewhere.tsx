// What belongs to a review and has no place between its lines.
import type { ReactNode } from 'react';
import type { ReviewNote } from './notes';
import type { Reviewed } from './useReview';

/** What stands at files that are not shown here. */
export function Elsewhere({ notes, note }: { notes: readonly ReviewNote[]; note: (note: ReviewNote) => ReactNode }) {
  if (notes.length === 0) return null;
  return (
    <section aria-label="At files that are not shown" className="border-b border-line px-4 py-2 font-sans">
      <h2 className="text-dense text-faint">At files that are not shown</h2>
      {notes.map((each) => (
        <div key={each.key}>
          <p className="mt-1 font-mono text-dense break-all text-muted">
            {each.is === 'thread' ? each.thread.comment.path : each.draft.place.path}
          </p>
          {note(each)}
        </div>
      ))}
    </section>
  );
}

/** What of the changes cannot be shown, and why. */
export function Missing({ reviewed: { sections, detail } }: { reviewed: Reviewed }) {
  return sections.map(({ pull: { repository }, truncated, error }) =>
    error ? (
      <p key={repository} role="alert" className="border-b border-line px-4 py-2 font-sans">
        {repository}: {error.message}
      </p>
    ) : truncated ? (
      <p key={repository} className="border-b border-line px-4 py-2 font-sans text-muted">
        More is changed in {repository} than is shown here: <code className="font-mono">team6 task diff {detail.task.id}</code>
      </p>
    ) : null,
  );
}
