// What can be pressed. The accent is for the one thing that a person may do now; everything else is quiet.
import type { ComponentProps } from 'react';
import { cx } from './cx';

type Look = 'act' | 'plain' | 'quiet' | 'danger';

const LOOKS: Record<Look, string> = {
  act: 'bg-accent text-accent-fg font-medium not-disabled:hover:brightness-110',
  plain: 'border border-line-strong text-fg not-disabled:hover:bg-hover',
  quiet: 'text-muted not-disabled:hover:bg-hover not-disabled:hover:text-fg',
  danger: 'border border-line-strong text-st-failed not-disabled:hover:bg-hover',
};

interface Props extends ComponentProps<'button'> {
  look?: Look;
}

export function Button({ look = 'plain', className, ...rest }: Props) {
  return <button type="button" {...rest} className={cx(buttonClass(look), className)} />;
}

/** The looks of a button, for a link that leads to where something is done. */
export function buttonClass(look: Look = 'plain') {
  return cx(
    'inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-md px-2.5 text-dense whitespace-nowrap',
    'transition-[filter,opacity] duration-100 disabled:cursor-not-allowed disabled:opacity-60 pointer-coarse:h-11 max-desk:h-11',
    LOOKS[look],
  );
}
