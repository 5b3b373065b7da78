// All that an entry says. What agents write is shown as markdown where it is meant so, and never as markup.
import type { FileDiff, TaskDetail, TraceEntry } from '../../api/generated/team6.schemas';
import { shown } from '../../review/names';
import { Markdown, Readable } from '../../ui/markdown/Markdown';
import { plain } from '../../ui/markdown/plain';
import { full, span } from '../../ui/time';
import { ansiSpans } from './ansi';
import { InReview } from './InReview';
import { type Row, wholeText } from './rows';

/** How much of a text is drawn. */
const MOST = 40_000;

interface Props {
  row: Row;
  /** The task that it is about, if it is about one. */
  detail?: TaskDetail;
}

export function EntryView({ row, detail }: Props) {
  const [entry] = row.entries;
  return (
    <div className="flex flex-col gap-4 p-4">
      <p className="font-mono text-dense text-faint">
        {full(row.at)}
        {row.until - row.at >= 1_000 && `, ${span(row.until - row.at)}`}
        {row.state && `, ${row.state === 'ok' ? 'done' : row.state === 'failed' ? 'failed' : 'under way'}`}
      </p>
      {entry && <Body row={row} entry={entry} detail={detail} />}
    </div>
  );
}

function Body({ row, entry: { body }, detail }: Props & { entry: TraceEntry }) {
  switch (body.kind) {
    case 'message':
    case 'thought':
    case 'prompt':
      return <Said text={wholeText(row)} />;
    case 'note':
      return <Prose text={wholeText(row)} />;
    case 'chat':
      return <Said text={body.text} />;
    case 'steps':
      return (
        <ol className="flex flex-col gap-1">
          {body.steps.map((step, at) => (
            <li key={at} className="flex gap-2">
              <span className="w-20 shrink-0 text-dense text-faint">{step.status.replaceAll('_', ' ')}</span>
              <span className="break-words">{plain(step.text)}</span>
            </li>
          ))}
        </ol>
      );
    case 'tool_call':
      return (
        <>
          <p className="font-medium break-words">{plain(body.title)}</p>
          {(body.locations ?? []).length > 0 && (
            <p className="font-mono text-dense break-all text-muted">{(body.locations ?? []).map(shown).join('\n')}</p>
          )}
          {(body.diffs ?? []).map((diff) => (
            <Diff key={diff.path} diff={diff} detail={detail} />
          ))}
          {body.input !== undefined && body.input !== null && (
            <Block title="Input" text={JSON.stringify(body.input, null, 2)} />
          )}
          {body.output && <Block title="Output" text={body.output} ansi />}
        </>
      );
    case 'engine':
      return (
        <>
          <p className="text-muted">{body.accepted ? 'The engine took it.' : 'The engine refused it.'}</p>
          <Prose text={body.answer} />
        </>
      );
    case 'permission':
      return (
        <>
          <Prose text={body.title} />
          <p className="text-muted">
            Answered {body.answer} by the rule {body.rule}.
          </p>
        </>
      );
    case 'stderr':
      return <Block title="Error stream" text={wholeText(row)} ansi />;
    case 'usage':
      return (
        <p className="font-mono">
          {body.input_tokens.toLocaleString('en')} in, {body.output_tokens.toLocaleString('en')} out, $
          {(body.cost_micros / 1e6).toFixed(4)}
        </p>
      );
    case 'turn_ended':
      return <Prose text={body.reason.replaceAll('_', ' ')} />;
    case 'raw':
      return <Block title="As received" text={JSON.stringify(body.value, null, 2) ?? ''} />;
  }
}

function Said({ text }: { text: string }) {
  return (
    <Readable fallback={<Prose text={text} />}>
      <Markdown text={text} />
    </Readable>
  );
}

function Prose({ text }: { text: string }) {
  return <p className="wrap-anywhere whitespace-pre-wrap">{plain(text)}</p>;
}

function Block({ title, text, ansi = false }: { title: string; text: string; ansi?: boolean }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 text-dense text-faint">{title}</h3>
      <pre
        tabIndex={0}
        aria-label={title}
        className="max-h-96 overflow-auto bg-sunken p-2 font-mono text-meta break-words whitespace-pre-wrap"
      >
        {ansi
          ? ansiSpans(cut(text)).map((piece, at) => (
              <span key={at} className={piece.className}>
                {piece.text}
              </span>
            ))
          : plain(cut(text))}
      </pre>
    </section>
  );
}

function Diff({ diff, detail }: { diff: FileDiff; detail: TaskDetail | undefined }) {
  return (
    <>
      {detail && <InReview detail={detail} diff={diff} />}
      {diff.before != null && <Block title={`${shown(diff.path)} before`} text={diff.before} />}
      <Block title={diff.before == null ? `${shown(diff.path)}, new` : `${shown(diff.path)} after`} text={diff.after} />
    </>
  );
}

function cut(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}\n… ${text.length - MOST} more characters`;
}
