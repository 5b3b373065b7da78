// Has the planning agent change the plan, in words. What it makes of it comes as a revision.
import { messagePlanner } from '../api/generated/team6';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { AsWritten } from '../ui/markdown/AsWritten';
import { clock } from '../ui/time';
import { Words } from '../wait/Words';
import { revisionOf } from '../wait/unsent';
import type { Draft } from './draft';

export function Revise({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const revise = useCommand({
    run: async (text: string, options) => {
      // The agent goes on from what is saved.
      await draft.flush();
      return messagePlanner(detail.sprint.id, { text }, options);
    },
    done: 'Sent to the planning agent',
  });
  return (
    <div className="flex flex-col gap-4 p-4">
      <Words
        label="What should be different?"
        placeholder="Split the second task, and add one for the documentation."
        verb="Ask"
        busy={revise.isPending}
        about={revisionOf(detail.sprint.id)}
        onSend={revise.mutateAsync}
      />
      {detail.messages.length > 0 && (
        <ol aria-label="Messages" className="border-t border-line">
          {detail.messages.map(({ id, at, by, text, delivered }) => (
            <li key={id} className="border-b border-line py-2">
              <p className="text-dense text-faint">
                {by}, {clock(at)}, {delivered == null ? 'not read yet' : 'read'}
              </p>
              <AsWritten text={text} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
