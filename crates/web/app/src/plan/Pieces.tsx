// What one version changes beside another, piece by piece.
import type { ReactNode } from 'react';
import { cx } from '../ui/cx';
import { lineDiff, nearChanges } from './lines';
import { FIELDS, type Plan, type Task, taskAt } from './model';
import type { Piece } from './pieces';

interface Props {
  pieces: readonly Piece[];
  /** The plan whose tasks are named. */
  plan: Plan;
  /** What can be done with a piece. */
  actions?: (piece: Piece) => ReactNode;
}

export function Pieces({ pieces, plan, actions }: Props) {
  return (
    <ul aria-label="Changes">
      {pieces.map((piece) => {
        const { title, what } = named(piece);
        return (
          <li key={piece.id} className="border-b border-line px-4 py-3">
            <p className="mb-1 break-words">
              <span className="font-medium">{title}</span> <span className="text-muted">{what}</span>
            </p>
            <Body piece={piece} plan={plan} />
            {actions && <div className="mt-2 flex gap-2">{actions(piece)}</div>}
          </li>
        );
      })}
    </ul>
  );
}

function named(piece: Piece): { title: string; what: string } {
  switch (piece.kind) {
    case 'title':
      return { title: 'Title', what: 'changed' };
    case 'prd':
      return { title: 'PRD', what: 'changed' };
    case 'added':
      return { title: piece.task.title, what: 'added' };
    case 'removed':
      return { title: piece.task.title, what: 'removed' };
    case 'field':
      return { title: piece.title, what: FIELDS.find(({ field }) => field === piece.field)?.name ?? piece.field };
    case 'order':
      return { title: 'Order', what: 'of the tasks changed' };
  }
}

function Body({ piece, plan }: { piece: Piece; plan: Plan }) {
  switch (piece.kind) {
    case 'title':
    case 'prd':
      return <TextDiff before={piece.before} after={piece.after} />;
    case 'field':
      return <TextDiff before={textOf(piece.before, plan)} after={textOf(piece.after, plan)} />;
    case 'added':
    case 'removed':
      return <p className="break-words text-muted">{piece.task.what}</p>;
    case 'order':
      return null;
  }
}

/** The value of a field as people read it. */
export function textOf(value: Task[keyof Task] | unknown, plan: Plan): string {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value)) return value.map((item: string) => taskAt(plan, item)?.title ?? item).join('\n');
  return typeof value === 'number' ? `${value} min` : String(value);
}

export function TextDiff({ before, after }: { before: string; after: string }) {
  return (
    <div className="font-mono text-dense">
      {nearChanges(lineDiff(before, after)).map((line, at) =>
        line === null ? (
          <p key={at} className="text-faint">
            …
          </p>
        ) : (
          <p
            key={at}
            className={cx(
              'break-words whitespace-pre-wrap',
              line.kind === 'same' ? 'text-faint' : line.kind === 'added' ? 'border-l-2 border-st-done pl-1.5' : 'border-l-2 border-st-failed pl-1.5 text-muted line-through',
            )}
          >
            <span className="sr-only">{line.kind === 'added' ? 'after: ' : line.kind === 'removed' ? 'before: ' : ''}</span>
            {line.text || ' '}
          </p>
        ),
      )}
    </div>
  );
}
