// What people choose and write in: each with its label, in one look.
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from './cx';

const FRAME =
  'rounded-md border border-line-strong bg-canvas px-2 placeholder:text-faint disabled:opacity-60 max-desk:min-h-11 pointer-coarse:min-h-11';

interface Named {
  label: string;
  /** Whether the label stands above; otherwise it is there for those who do not see the field. */
  above?: boolean;
}

function Labelled({ id, label, above, children }: Named & { id: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={above ? 'text-dense text-muted' : 'sr-only'}>
        {label}
      </label>
      {children}
    </div>
  );
}

export function Text({ label, above, className, ...rest }: Named & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} above={above ?? false}>
      <input id={id} type="text" {...rest} className={cx(FRAME, 'h-7', className)} />
    </Labelled>
  );
}

export function Area({ label, above = true, className, ...rest }: Named & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} above={above}>
      <textarea id={id} rows={4} {...rest} className={cx(FRAME, 'w-full resize-y py-1', className)} />
    </Labelled>
  );
}

interface Choice extends Named {
  value: string;
  /** Values, and what they are called where that is something else. */
  options: readonly (string | readonly [string, string])[];
  onChoose: (value: string) => void;
}

export function Select({ label, above, value, options, onChoose }: Choice) {
  const id = useId();
  return (
    <Labelled id={id} label={label} above={above ?? false}>
      <select id={id} value={value} onChange={(event) => onChoose(event.target.value)} className={cx(FRAME, 'h-7 max-w-full px-1')}>
        {options.map((option) => {
          const [each, name] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={each} value={each}>
              {name}
            </option>
          );
        })}
      </select>
    </Labelled>
  );
}

/** What narrows a list down, in a row above it. */
export function Filters({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="search" aria-label={label} className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 py-1.5 text-dense">
      {children}
    </div>
  );
}
