// A word with the agent of a task, always at hand below what it does: what was written, and whether it was read.
import { type Dispatch, type KeyboardEvent, type SetStateAction, useId } from 'react';
import { messageAgent } from '../api/generated/team6';
import type { Message, TaskDetail, Urgency } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { clock } from '../ui/time';
import { Writes } from '../wait/Writes';
import { deliveryOf, whenRead } from './delivery';

/** How many messages are shown above the field. */
const SHOWN = 3;

interface Props {
  detail: TaskDetail;
  /** What is being written; it outlives the attempt at whose work one looks. */
  text: string;
  onText: Dispatch<SetStateAction<string>>;
}

export function Composer({ detail, text, onText }: Props) {
  const { id } = detail.task;
  const field = useId();
  const send = useCommand({
    run: (message: { text: string; urgency: Urgency }, options) => messageAgent(id, message, options),
  });
  const read = whenRead(detail);
  if (read === null) return <Conversation messages={detail.messages} detail={detail} />;
  const ready = text.trim() !== '' && !send.isPending;
  // What is written while it is under way stays.
  const sendAs = (urgency: Urgency) =>
    send.mutate({ text: text.trim(), urgency }, { onSuccess: () => onText((now) => (now === text ? '' : now)) });
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey) || !ready) return;
    event.preventDefault();
    sendAs('next_turn');
  };
  return (
    <section aria-label="Chat with the agent" data-docked className="shrink-0 border-t border-line bg-surface">
      <Conversation messages={detail.messages} detail={detail} />
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
              onChange={(event) => onText(event.target.value)}
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

function Conversation({ messages, detail }: { messages: readonly Message[]; detail: TaskDetail }) {
  if (messages.length === 0) return null;
  return (
    <ol aria-label="Messages" className="max-h-32 overflow-y-auto border-b border-line px-4 py-1">
      {messages.slice(-SHOWN).map((message) => (
        <li key={message.id} className="flex items-baseline gap-3 py-0.5">
          <span className="shrink-0 font-mono text-meta text-faint">{clock(message.at)}</span>
          <span className="shrink-0 text-dense font-medium">{message.by}</span>
          <span className="min-w-0 flex-1 truncate" title={message.text}>
            {message.text}
          </span>
          <span className="shrink-0 text-dense text-muted">{deliveryOf(message, detail)}</span>
        </li>
      ))}
    </ol>
  );
}
