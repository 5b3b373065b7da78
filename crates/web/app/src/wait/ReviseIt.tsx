import { messagePlanner } from '../api/generated/team6';
import type { SprintId } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Words } from './Words';
import { revisionOf } from './unsent';

/** The planning agent rests, and there is nothing to approve: it goes on by a word. */
export function ReviseIt({ sprint, text }: { sprint: SprintId; text: string }) {
  const revise = useCommand({ run: (text: string, options) => messagePlanner(sprint, { text }, options), done: 'Sent to the planning agent' });
  return (
    <div className="flex flex-col gap-3">
      <p className="break-words text-muted">{text}</p>
      <Words label="What should it plan?" verb="Ask" busy={revise.isPending} kept={revisionOf(sprint)} onSend={revise.mutateAsync} />
    </div>
  );
}
