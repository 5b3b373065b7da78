// A text that is sent: by its button, or by Mod+Enter.
import { type KeyboardEvent, type ReactNode, useId } from 'react';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';
import { send as sendWords, useUnsent, write } from './unsent';

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
  autoFocus?: boolean;
  /** What it is about: it is kept for that until it is sent. */
  about: string;
  onSend: (text: string) => Promise<unknown>;
  /** Further ways out, beside the button. */
  children?: ReactNode;
}

export function Words({ label, placeholder, verb, look = 'act', busy, optional, rows = 3, autoFocus, about, onSend, children }: Props) {
  const id = useId();
  const text = useUnsent(about);
  const ready = !busy && (optional || text.trim() !== '');
  const send = () => ready && sendWords(about, onSend);
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
        autoFocus={autoFocus}
        value={text}
        placeholder={placeholder}
        onChange={(event) => write(about, event.target.value)}
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
