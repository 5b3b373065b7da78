// A comment that is being written. It is kept in this browser with every key until it is sent or discarded.
import { type KeyboardEvent, useRef } from 'react';
import type { TaskId } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';
import { cx } from '../ui/cx';
import { CommentText } from './CommentText';
import { type Draft, drop, write } from './kept';
import { linesText } from './ranges';
import { partsOf, suggestion } from './suggestions';

interface Props {
  task: TaskId;
  draft: Draft;
  isOpen: boolean;
  /** The lines as they are; null if they are not shown here. */
  lines: readonly string[] | null;
  /** Why the server did not take it. */
  refused: string | undefined;
  onOpen: (open: boolean) => void;
}

export function DraftNote({ task, draft, isOpen, lines, refused, onOpen }: Props) {
  const { id, place, text } = draft;
  const label = `Comment on ${linesText(place.lines)}`;
  return (
    <section aria-label={label} className="border-y border-l-2 border-y-line border-l-accent bg-surface px-3 py-2 font-sans text-body">
      <p className="mb-1 flex items-baseline gap-2 text-dense text-muted">
        {label} <span>not sent yet</span>
      </p>
      {refused && (
        <p role="alert" className="mb-1 text-st-failed">
          {refused}
        </p>
      )}
      {isOpen ? (
        <Writing task={task} draft={draft} label={label} lines={lines} onEnd={() => onOpen(false)} />
      ) : (
        <>
          <CommentText text={text} lines={lines} />
          <div className="mt-1 flex gap-1">
            <Button look="quiet" className="-ml-2.5" onClick={() => onOpen(true)}>
              Edit
            </Button>
            <Button look="quiet" onClick={() => drop(task, id)}>
              Discard
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

function Writing({ task, draft: { id, place, text }, label, lines, onEnd }: Pick<Props, 'task' | 'draft' | 'lines'> & { label: string; onEnd: () => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const end = () => {
    if (text.trim() === '') drop(task, id);
    onEnd();
  };
  const press = (event: KeyboardEvent) => {
    const isEnd = event.key === 'Escape' || (event.key === 'Enter' && (event.metaKey || event.ctrlKey));
    if (!isEnd) return;
    event.preventDefault();
    event.stopPropagation();
    end();
  };
  const suggest = () => {
    if (!lines) return;
    write(task, id, `${text.trim() === '' ? '' : `${text.trimEnd()}\n`}${suggestion(lines)}\n`);
    area.current?.focus();
  };
  return (
    <>
      <textarea
        ref={(element) => {
          area.current = element;
          element?.focus({ preventScroll: true });
        }}
        aria-label={label}
        rows={Math.max(3, Math.min(14, text.split('\n').length + 1))}
        value={text}
        placeholder="What should be different here?"
        onChange={(event) => write(task, id, event.target.value)}
        onKeyDown={press}
        className={cx(
          'w-full resize-y rounded-md border border-line-strong bg-canvas px-2.5 py-1.5 placeholder:text-faint',
          partsOf(text).some(({ is }) => is === 'change') && 'font-mono text-dense',
        )}
      />
      <div className="mt-1 flex flex-wrap items-center gap-2">
        <Button look="act" disabled={text.trim() === ''} onClick={end}>
          Add to the review
        </Button>
        {lines && !place.lines?.old && (
          <Button onClick={suggest}>Suggest a change</Button>
        )}
        <Button
          look="quiet"
          onClick={() => {
            drop(task, id);
            onEnd();
          }}
        >
          Discard
        </Button>
        <span className="ml-auto">
          <Kbd keys="Mod+Enter" />
        </span>
      </div>
    </>
  );
}
