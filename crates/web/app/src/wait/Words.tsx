// A text that is sent: by its button, or by Mod+Enter.
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import type { TaskId } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';

interface Props {
  label: string;
  placeholder?: string;
  /** What the button says. */
  verb: string;
  look?: 'act' | 'plain';
  busy: boolean;
  /** Whether it can be sent without words. */
  optional?: boolean;
  rows?: number;
  /** Under which name it is kept while it is out of sight, until it is sent or the page is left. */
  kept?: string;
  /** Once it has arrived, the field is empty again, unless something else was written meanwhile. */
  onSend: (text: string, then: { onSuccess: () => void; onError: () => void }) => void;
  /** Further ways out, beside the button. */
  children?: ReactNode;
}

/** What was written and not sent. A form may go while somebody writes: its task is brought up to date, or another row is looked at. */
const unsent = new Map<string, string>();

/** Under which name the words of a review are kept. */
export const reviewOf = (task: TaskId) => `review ${task}`;

export function isUnsent(kept: string): boolean {
  return (unsent.get(kept) ?? '').trim() !== '';
}

/** Decided otherwise, nobody waits for them. */
export function leave(kept: string) {
  unsent.delete(kept);
}

export function Words({ label, placeholder, verb, look = 'act', busy, optional, rows = 3, kept, onSend, children }: Props) {
  const id = useId();
  const [text, setText] = useState((kept !== undefined && unsent.get(kept)) || '');
  const ready = !busy && (optional || text.trim() !== '');
  const write = (next: string) => {
    setText(next);
    if (kept !== undefined) unsent.set(kept, next);
  };
  const send = () => {
    if (!ready) return;
    // Whoever is not there any more when it has arrived is not told.
    if (kept !== undefined) leave(kept);
    onSend(text.trim(), {
      onSuccess: () => setText((now) => (now === text ? '' : now)),
      onError: () => kept !== undefined && unsent.set(kept, text),
    });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-dense text-muted">
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        value={text}
        placeholder={placeholder}
        onChange={(event) => write(event.target.value)}
        onKeyDown={press}
        className="w-full resize-y rounded-md border border-line-strong bg-canvas px-2.5 py-1.5 placeholder:text-faint"
      />
      <div className="flex flex-wrap items-center gap-2">
        <Button look={look} disabled={!ready} onClick={send}>
          {busy ? 'Sending' : verb}
        </Button>
        {children}
        <span className="ml-auto">
          <Kbd keys="Mod+Enter" />
        </span>
      </div>
    </div>
  );
}
