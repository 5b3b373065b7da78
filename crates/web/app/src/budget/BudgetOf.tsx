// A budget: what is spent of it, what attempts hold, what is left, and other limits for it. Setting one is taken back by
// setting it to what it was.
import { type FormEvent, useId, useState } from 'react';
import type { Budget, Spending } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { BOUNDS, amountOf } from '../ui/money';
import { Writes } from '../wait/Writes';

interface Props {
  /** What it is called where several stand together. */
  name?: string;
  spending: Spending;
  /** Whose it is, as a sentence begins. */
  whose: string;
  set: (budget: Budget, options: RequestInit) => Promise<unknown>;
}

export function BudgetOf({ name = 'Budget', spending, whose, set }: Props) {
  const [changing, change] = useState(false);
  return (
    <section aria-label={name} className="border-b border-line px-4 py-3">
      <div className="grid max-w-[720px] grid-cols-[minmax(88px,1fr)_repeat(4,minmax(0,1fr))] items-baseline gap-x-3 gap-y-1 text-dense">
        {['', 'Spent', 'Held', 'Limit', 'Left'].map((name, at) => (
          <span key={name} className={at === 0 ? 'text-muted' : 'text-right text-faint'}>
            {name}
          </span>
        ))}
        {BOUNDS.map((bound) => (
          <Bound key={bound.field} bound={bound} spending={spending} />
        ))}
      </div>
      {changing ? (
        <Change key={JSON.stringify(spending.budget)} spending={spending} set={set} onClose={() => change(false)} />
      ) : (
        <div className="mt-2 flex items-center gap-3">
          <Writes>
            <Button onClick={() => change(true)}>Set limits</Button>
          </Writes>
          <span className="text-dense text-muted">{whose}</span>
        </div>
      )}
    </section>
  );
}

function Bound({ bound: { field, name, say }, spending: { budget, spent, reserved } }: { bound: (typeof BOUNDS)[number]; spending: Spending }) {
  const limit = budget[field] ?? null;
  const left = limit === null ? null : Math.max(0, limit - spent[field] - reserved[field]);
  return (
    <>
      <span>{name}</span>
      <span className="text-right font-mono">{say(spent[field])}</span>
      <span className="text-right font-mono text-muted">{say(reserved[field])}</span>
      <span className="text-right font-mono">{limit === null ? 'none' : say(limit)}</span>
      <span className={`text-right font-mono ${left === 0 ? 'text-st-failed' : ''}`}>{left === null ? 'any' : say(left)}</span>
    </>
  );
}

function Change({ spending: { budget: before }, set, onClose }: Pick<Props, 'spending' | 'set'> & { onClose: () => void }) {
  const id = useId();
  const [written, write] = useState(() =>
    Object.fromEntries(BOUNDS.map(({ field, per }) => [field, before[field] == null ? '' : String(before[field] / per)])),
  );
  const back = useCommand({ run: (_: void, options) => set(before, options), done: 'The limits are as they were' });
  const save = useCommand({ run: set, done: 'Limits set', undo: () => back.mutate(), onDone: onClose });
  const isLimit = (text: string) => text.trim() === '' || amountOf(text) > 0;
  const isFit = Object.values(written).every(isLimit);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const limits = BOUNDS.map(({ field, per }) => [field, (written[field] ?? '').trim() === '' ? null : Math.round(amountOf(written[field] ?? '') * per)]);
    save.mutate(Object.fromEntries(limits) as Budget);
  };
  return (
    <Writes>
      <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-3">
        {BOUNDS.map(({ field, name, unit }) => (
          <div key={field}>
            <label htmlFor={`${id}-${field}`} className="mb-1 block text-dense text-muted">
              {name}, {unit}
            </label>
            <input
              id={`${id}-${field}`}
              inputMode="decimal"
              placeholder="no limit"
              value={written[field] ?? ''}
              onChange={(event) => write({ ...written, [field]: event.target.value })}
              className="h-7 w-36 rounded-md border border-line-strong bg-canvas px-2 font-mono placeholder:text-faint max-desk:h-11"
            />
          </div>
        ))}
        <Button look="act" type="submit" disabled={save.isPending || !isFit}>
          {save.isPending ? 'Setting' : 'Set'}
        </Button>
        <Button look="quiet" onClick={onClose}>
          Leave as they are
        </Button>
        {!isFit && <p className="w-full text-dense text-st-failed">A limit is a number above 0, or nothing for no limit.</p>}
      </form>
    </Writes>
  );
}
