// What stands above the files: what was asked and said, where the risk lies, what is open, and what checks and a merge say.
import type { ReactNode } from 'react';
import type { OpenPoint, TaskDetail, Weakening } from '../api/generated/team6.schemas';
import { Markdown } from '../ui/markdown/Markdown';
import { plain } from '../ui/markdown/plain';
import { StatusMark } from '../ui/StatusMark';
import { Risks } from '../wait/Risks';
import { Check } from './Check';
import { isOffered } from './effect';
import { shown } from './names';
import type { Reviewed } from './useReview';

export function Summary({ reviewed: { detail, forecasts } }: { reviewed: Reviewed }) {
  const { packet, checks, planned } = detail;
  const criteria = packet?.acceptance_criteria ?? planned.acceptance_criteria ?? [];
  const weakened = checks?.weakened ?? [];
  const items = (checks?.items ?? []).filter(({ current }) => current);
  return (
    <div className="grid gap-x-8 gap-y-3 border-b border-line px-4 py-3 font-sans wide:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-3">
        <Part title="What was asked">
          <Markdown text={packet?.what || planned.what || planned.title} />
          {criteria.length > 0 && <Items of={criteria} />}
        </Part>
        {packet?.said && (
          <Part title="What the agent says">
            <Markdown text={packet.said.what} />
            {packet.said.why !== '' && <Markdown text={packet.said.why} className="text-muted" />}
            {packet.said.tests.map(({ command, outcome }) => (
              <p key={command} className="font-mono text-dense break-all text-muted">
                {command}: {outcome}
              </p>
            ))}
          </Part>
        )}
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        <Part title="Checks">
          {items.length === 0 && <p className="text-muted">No check of its repositories was run.</p>}
          {items.map((item) => (
            <Check key={item.receipt.number} task={detail.task.id} item={item} />
          ))}
          {weakened.flatMap(({ repository, weakened: all }) =>
            all.map(({ path, how }) => (
              <p key={`${repository}${path}${weakening(how)}`} className="flex gap-2 break-words">
                <StatusMark status="blocked" className="mt-0.75" />
                <span className="min-w-0">
                  Tests are weaker: <span className="font-mono text-dense break-all">{shown(path)}</span> {weakening(how)}
                </span>
              </p>
            )),
          )}
        </Part>
        {packet && packet.risks.length > 0 && (
          <Part title="Where to look">
            <Risks of={packet.risks} />
          </Part>
        )}
        {packet && packet.open.length > 0 && (
          <Part title="Open questions">
            <Items of={packet.open.map(pointText)} />
          </Part>
        )}
        <Part title={isOffered(detail) ? 'If it is merged now' : 'If it could be merged now'}>
          <Merge detail={detail} forecasts={forecasts} />
        </Part>
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="text-dense text-faint">{title}</h2>
      {children}
    </section>
  );
}

function Items({ of }: { of: readonly string[] }) {
  return (
    <ul className="list-disc pl-4 text-muted">
      {of.map((each) => (
        <li key={each} className="break-words">
          {plain(each)}
        </li>
      ))}
    </ul>
  );
}

function Merge({ detail, forecasts }: { detail: TaskDetail; forecasts: Reviewed['forecasts'] }) {
  if (!forecasts) return <p className="text-muted">What a merge would come to is not known.</p>;
  return (
    <>
      {detail.merge_trouble && (
        <p className="flex gap-2 break-words">
          <StatusMark status="failed" className="mt-0.75" />
          <span className="min-w-0">The last merge did not happen: {shown(detail.merge_trouble)}</span>
        </p>
      )}
      {forecasts.map(({ repository, number, merges, text, conflicts }) => (
        <p key={repository} className="flex gap-2 break-words">
          <StatusMark status={merges ? 'done' : 'blocked'} className="mt-0.75" />
          <span className="min-w-0">
            <span className="font-mono text-dense">
              {repository} #{number ?? '?'}
            </span>{' '}
            {text}
            {conflicts.length > 0 && <span className="font-mono text-dense break-all"> {conflicts.map(shown).join(', ')}</span>}
          </span>
        </p>
      ))}
      {(detail.conflicts ?? []).map(({ repository, with: other, title, files }) => (
        <p key={`${repository}${other}`} className="flex gap-2 break-words">
          <StatusMark status="blocked" className="mt-0.75" />
          <span className="min-w-0">
            conflicts {other == null ? 'with its base' : `with T-${other} ${title ?? ''}`} in{' '}
            <span className="font-mono text-dense break-all">{files.map(({ path }) => shown(path)).join(', ')}</span>
          </span>
        </p>
      ))}
    </>
  );
}

function weakening(how: Weakening): string {
  switch (how.how) {
    case 'test_removed':
      return `test ${how.test} was removed`;
    case 'assertions_lost':
      return `${how.count} assertions were taken out`;
    case 'skip_added':
      return `is skipped now: ${how.line}`;
  }
}

function pointText(point: OpenPoint): string {
  switch (point.point) {
    case 'left':
      return `The agent says: ${point.text}`;
    case 'assumed':
      return `Left to the agent: ${point.question}`;
    case 'asked':
      return `The agent asked: ${point.question} ${point.answer == null ? 'Nobody answered.' : `It was told: ${point.answer}`}`;
    case 'thread':
      return `Not answered yet: ${point.text}`;
  }
}
