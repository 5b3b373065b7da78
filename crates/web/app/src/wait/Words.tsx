// A text that is sent: by its button, or by Mod+Enter.
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
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
  /** Once it has arrived, the field is empty again, unless something else was written meanwhile. */
  onSend: (text: string, then: { onSuccess: () => void }) => void;
  /** Further ways out, beside the button. */
  children?: ReactNode;
}

export function Words({ label, placeholder, verb, look = 'act', busy, optional, rows = 3, onSend, children }: Props) {
  const id = useId();
  const [text, setText] = useState('');
  const ready = !busy && (optional || text.trim() !== '');
  const send = () => ready && onSend(text.trim(), { onSuccess: () => setText((now) => (now === text ? '' : now)) });
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
        onChange={(event) => setText(event.target.value)}
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
