// A comment as people read it: its words, and what it proposes as a change of the lines that it stands at.
import { AsWritten } from '../ui/markdown/AsWritten';
import { shownLine } from './names';
import { partsOf } from './suggestions';

interface Props {
  text: string;
  /** The lines as they are; null if they are not shown here. */
  lines: readonly string[] | null;
}

export function CommentText({ text, lines }: Props) {
  return partsOf(text).map((part, at) =>
    part.is === 'text' ? (
      <AsWritten key={at} text={part.text} />
    ) : (
      <Change key={at} before={lines ?? []} after={part.lines} />
    ),
  );
}

function Change({ before, after }: { before: readonly string[]; after: readonly string[] }) {
  return (
    <div role="group" aria-label="Suggested change" className="my-1 border border-line bg-sunken font-mono text-dense">
      {before.map((line, at) => (
        <Line key={`-${at}`} sign="−" text={line} className="bg-[color-mix(in_lab,var(--sunken)_86%,#d9605a)]" />
      ))}
      {after.map((line, at) => (
        <Line key={`+${at}`} sign="+" text={line} className="bg-[color-mix(in_lab,var(--sunken)_86%,#3fae6c)]" />
      ))}
      {after.length === 0 && <p className="px-2 font-sans text-muted">These lines go.</p>}
    </div>
  );
}

function Line({ sign, text, className }: { sign: string; text: string; className: string }) {
  return (
    <div className={`flex px-2 ${className}`}>
      <span className="w-4 shrink-0 select-none">{sign}</span>
      <span className="min-w-0 break-all whitespace-pre-wrap">{shownLine(text)}</span>
    </div>
  );
}
