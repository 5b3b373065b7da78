// A word with the agent of a task, always at hand below what it does: what was written, and whether it was read.
import { type KeyboardEvent, useId } from 'react';
import { messageAgent } from '../api/generated/team6';
import type { TaskDetail, Urgency } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Writes } from '../wait/Writes';
import { chatWith, send as sendWords, useUnsent, write } from '../wait/unsent';
import { Conversation } from './Conversation';
import { whenRead } from './delivery';

interface Props {
  detail: TaskDetail;
}

export function Composer({ detail }: Props) {
  const { id } = detail.task;
  const field = useId();
  const send = useCommand({
    run: (message: { text: string; urgency: Urgency }, options) => messageAgent(id, message, options),
  });
  const about = chatWith(id);
  const text = useUnsent(about);
  const read = whenRead(detail);
  if (read === null) return <Conversation detail={detail} />;
  const ready = text.trim() !== '' && !send.isPending;
  const sendAs = (urgency: Urgency) => sendWords(about, (text) => send.mutateAsync({ text, urgency }));
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey) || !ready) return;
    event.preventDefault();
    sendAs('next_turn');
  };
  return (
    <section aria-label="Chat with the agent" data-docked className="shrink-0 border-t border-line bg-surface">
      <Conversation detail={detail} />
      <Writes>
        <div className="flex flex-wrap items-end gap-2 px-4 py-2">
          <div className="min-w-48 flex-1">
            <label htmlFor={field} className="mb-1 block text-dense text-muted">
              Write to the agent. {read}
            </label>
            <textarea
              id={field}
              rows={text.includes('\n') || text.length > 80 ? 3 : 1}
              value={text}
              onChange={(event) => write(about, event.target.value)}
              onKeyDown={press}
              className="block min-h-8 w-full resize-y rounded-md border border-line-strong bg-canvas px-2.5 py-1 max-desk:min-h-11"
            />
          </div>
          <Button look="act" className="h-8" disabled={!ready} onClick={() => sendAs('next_turn')}>
            {send.isPending ? 'Sending' : 'Send'}
          </Button>
          {detail.task.state === 'in progress' && (
            <Button className="h-8" disabled={!ready} onClick={() => sendAs('interrupt')} title="Ends its turn, so that it reads now">
              Interrupt
            </Button>
          )}
        </div>
      </Writes>
    </section>
  );
}
