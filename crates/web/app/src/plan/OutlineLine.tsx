import { type KeyboardEvent, memo } from 'react';
import { StatusMark } from '../ui/StatusMark';
import { statusOf } from '../ui/status';
import type { Lock } from './lock';
import type { Task } from './model';
import type { OutlineEdits } from './useOutline';
import { useEditTask } from './editTask';

interface Props {
  task: Task;
  number: number;
  depth: number;
  also: string;
  lock: Lock | null;
  current: boolean;
  inTabOrder: boolean;
  edits: OutlineEdits;
  onChoose: (key: string | undefined) => void;
}

/** How far a line goes in at most, so that its title stays readable. */
const DEEPEST = 6;

const FIELD = 'h-7 rounded-sm border border-transparent bg-transparent px-1 hover:border-line focus:border-line-strong disabled:hover:border-transparent pointer-coarse:h-11';

export const OutlineLine = memo(function OutlineLine(props: Props) {
  const { task, number, depth, also, lock, current, inTabOrder, edits, onChoose } = props;
  const { key, title } = task;
  const set = useEditTask(key);
  const called = title || `task ${number}`;
  const fixed = lock?.why != null;
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const act = keyOf(event, { fixed, empty: title === '' });
    if (!act) return;
    event.preventDefault();
    switch (act) {
      case 'indent':
        return edits.indent(key);
      case 'outdent':
        return edits.outdent(key);
      case 'up':
        return edits.move(key, -1);
      case 'down':
        return edits.move(key, 1);
      case 'before':
        return edits.step(-1, 'title');
      case 'after':
        return edits.step(1, 'title');
      case 'add':
        return edits.add(key);
      case 'remove':
        return edits.remove(key);
      case 'leave':
        event.stopPropagation();
        event.currentTarget.closest('li')?.querySelector<HTMLElement>('[data-part=row]')?.focus();
    }
  };
  return (
    <li
      data-task={key}
      aria-current={current || undefined}
      className="group flex min-h-9 items-center gap-1 border-b border-line pr-2 pl-2 hover:bg-hover aria-[current]:bg-hover pointer-coarse:min-h-12"
      style={{ paddingLeft: 8 + Math.min(depth, DEEPEST) * 20 }}
    >
      <button
        type="button"
        data-part="row"
        tabIndex={inTabOrder ? 0 : -1}
        aria-label={`${number}, edit ${called}`}
        title={lock?.why ?? undefined}
        onFocus={() => edits.focus(key)}
        onClick={() => edits.edit(key)}
        className="flex h-7 min-w-7 shrink-0 items-center justify-center gap-1 rounded-sm font-mono text-meta text-faint pointer-coarse:h-11 pointer-coarse:min-w-11"
      >
        {lock && fixed ? <StatusMark status={statusOf(lock.task.state)} size={12} /> : number}
      </button>
      <input
        data-part="title"
        aria-label={`Title of task ${number}`}
        tabIndex={-1}
        value={title}
        readOnly={fixed}
        maxLength={200}
        placeholder="What is to be done"
        onFocus={() => edits.focus(key)}
        onChange={(event) => set('title', event.target.value)}
        onKeyDown={press}
        className={`${FIELD} min-w-24 flex-1 font-medium placeholder:font-normal placeholder:text-faint`}
      />
      {also && (
        <span className="max-w-32 shrink-[4] truncate text-meta text-faint max-desk:hidden" title={`It ${depth > 0 ? 'also ' : ''}waits for ${also}`}>
          {depth > 0 ? 'also after' : 'after'} {also}
        </span>
      )}
      {lock && !lock.task.approved && <span className="shrink-0 text-meta text-st-review max-desk:hidden">not approved</span>}
      <input
        aria-label={`Field of ${called}`}
        list="specialties"
        tabIndex={current || inTabOrder ? 0 : -1}
        value={task.specialty ?? ''}
        readOnly={fixed}
        placeholder="any field"
        onChange={(event) => set('specialty', slug(event.target.value))}
        className={`${FIELD} w-24 shrink-0 text-dense placeholder:text-faint max-desk:hidden`}
      />
      <label className="flex shrink-0 items-center text-dense text-faint">
        <span className="sr-only">Estimate of {called} in minutes</span>
        <input
          inputMode="numeric"
          tabIndex={current || inTabOrder ? 0 : -1}
          value={task.estimate_minutes || ''}
          readOnly={fixed}
          onChange={(event) => set('estimate_minutes', minutes(event.target.value))}
          className={`${FIELD} w-12 text-right font-mono`}
        />
        m
      </label>
      <button
        type="button"
        tabIndex={current || inTabOrder ? 0 : -1}
        aria-label={`Details of ${called}`}
        onClick={() => onChoose(current ? undefined : key)}
        className="h-7 w-7 shrink-0 rounded-sm text-muted hover:bg-raised pointer-coarse:h-11 pointer-coarse:w-11"
      >
        …
      </button>
      <button
        type="button"
        tabIndex={-1}
        disabled={fixed}
        aria-label={`Remove ${called}`}
        onClick={() => edits.remove(key)}
        className="h-7 w-7 shrink-0 rounded-sm text-faint hover:bg-raised hover:text-fg disabled:opacity-0 pointer-coarse:h-11 pointer-coarse:w-11"
      >
        ✕
      </button>
    </li>
  );
});

type Act = 'indent' | 'outdent' | 'up' | 'down' | 'before' | 'after' | 'add' | 'remove' | 'leave';

/** What a key does in a title. */
function keyOf(event: KeyboardEvent, { fixed, empty }: { fixed: boolean; empty: boolean }): Act | null {
  if (event.metaKey || event.ctrlKey) return null;
  switch (event.key) {
    case 'Tab':
      return event.altKey ? null : event.shiftKey ? 'outdent' : 'indent';
    case 'ArrowUp':
      return event.altKey ? 'up' : 'before';
    case 'ArrowDown':
      return event.altKey ? 'down' : 'after';
    case 'Enter':
      return event.altKey ? null : 'add';
    case 'Backspace':
      return empty && !fixed && !event.repeat ? 'remove' : null;
    case 'Escape':
      return 'leave';
    default:
      return null;
  }
}

/** A name as the engine takes it; none fits any agent. */
export function slug(text: string): string | null {
  const name = text.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+/, '').slice(0, 40);
  return name === '' ? null : name;
}

export function minutes(text: string): number {
  return Number.parseInt(text.replace(/\D/g, '').slice(0, 5), 10) || 0;
}
