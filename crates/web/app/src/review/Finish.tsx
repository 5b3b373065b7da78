// How a review ends: its comments go to the agent in one batch, or it is approved, or approved and merged. Each says what
// comes of it before it can be pressed.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { mergeTask, reviewTask } from '../api/generated/team6';
import type { TaskDetail, Verdict } from '../api/generated/team6.schemas';
import { asRequestError } from '../api/problem';
import { further, useCommand } from '../api/useCommand';
import { useLostSince } from '../live/connection';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';
import { LINK } from '../ui/Part';
import { plain } from '../ui/markdown/plain';
import { isSolvable } from '../wait/kinds';
import { leave, read, reviewOf, useUnsent, write } from '../wait/unsent';
import { effectOf, isOffered } from './effect';
import { Ends, Panel } from './Panel';
import { type Draft, sent, useKept } from './kept';
import { commentAt, linesText } from './ranges';
import type { Reviewed } from './useReview';

export type Ending = 'send' | 'approve' | 'merge';

interface Props {
  reviewed: Reviewed;
  ending: Ending | null;
  onEnding: (ending: Ending | null) => void;
  /** Comments that the server did not take, by draft. */
  onRefused: (refused: ReadonlyMap<string, string>) => void;
  onGo: (draft: Draft) => void;
  /** What stands at the left: how far one is. */
  children: ReactNode;
}

export function Finish({ reviewed, ending, onEnding, onRefused, onGo, children }: Props) {
  const { detail, forecasts, tasks, person } = reviewed;
  const id = detail.task.id;
  const { drafts } = useKept(id);
  // The words that the inbox has for the same review.
  const about = reviewOf(id);
  const body = useUnsent(about);
  const written = drafts.filter(({ text }) => text.trim() !== '');
  const heads = Object.fromEntries(detail.pull_requests.map(({ repository, head }) => [repository, head]));
  const approval = (options: RequestInit) => reviewTask(id, { verdict: 'approve', body: '', comments: [], heads }, options);
  const isDecider = decides(detail, person);

  const send = useCommand({
    run: async ({ body, drafts }: { body: string; drafts: readonly Draft[] }, options) => {
      const verdict: Verdict = isDecider ? 'request_changes' : 'comment';
      const comments = drafts.map(({ place, text }) => commentAt(place, text.trim()));
      try {
        await reviewTask(id, { verdict, body: body.trim(), comments, heads }, options);
      } catch (error) {
        onRefused(refusedOf(error, drafts));
        throw error;
      }
    },
    done: isDecider ? 'Sent to the agent' : 'Sent',
    onDone: ({ drafts, body }) => {
      sent(id, drafts);
      if (read(about) === body) leave(about);
      onRefused(new Map());
      onEnding(null);
    },
  });
  const approve = useCommand({ run: (_: void, options) => approval(options), done: 'Approved', onDone: () => onEnding(null) });
  const merge = useCommand({
    run: async (_: void, options) => {
      if (detail.approved_by == null) await approval(options);
      return mergeTask(id, {}, further(options, 'merge'));
    },
    done: detail.approved_by == null ? 'Approved, and merging' : 'Merging',
    onDone: () => onEnding(null),
  });
  const isLost = useLostSince() !== null;
  // What is written is kept in this browser, so its fields do not rest.
  const busy = send.isPending || approve.isPending || merge.isPending || isLost;
  // Nobody decides over what they are not shown.
  const isShown = reviewed.sections.every(({ error }) => error === null);
  const offered = isShown && isOffered(detail);
  const waits = detail.task.why && isSolvable(detail.task.why);
  const hasWords = written.length > 0 || body.trim() !== '';
  const mergeVerb = detail.approved_by == null ? 'Approve and merge' : 'Merge';
  const effect = forecasts && tasks ? effectOf(detail, forecasts, tasks) : null;
  const many = written.length === 1 ? '1 comment' : `${written.length} comments`;
  const verb =
    written.length > 0 ? (
      <>
        Send {many}
        {isDecider && <span className="max-desk:sr-only"> to the agent</span>}
      </>
    ) : isDecider ? (
      'Request changes'
    ) : (
      'Comment'
    );
  const doSend = () => offered && hasWords && !busy && send.mutate({ body, drafts: written });

  return (
    <footer data-docked className="shrink-0 border-t border-line bg-surface">
      {ending === 'send' && (
        <Panel label="Send the review" onClose={() => onEnding(null)}>
          <label className="flex flex-col gap-1 text-dense text-muted">
            {isDecider ? 'What should be different on the whole?' : 'Anything on the whole? You are not its owner, so this is a comment.'}
            <textarea
              rows={3}
              value={body}
              onChange={(event) => write(about, event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
                event.preventDefault();
                doSend();
              }}
              className="w-full resize-y rounded-md border border-line-strong bg-canvas px-2.5 py-1.5 text-body text-fg placeholder:text-faint"
            />
          </label>
          <ul aria-label="Comments to send" className="max-h-40 overflow-y-auto">
            {written.map((draft) => (
              <li key={draft.id}>
                <button
                  type="button"
                  onClick={() => onGo(draft)}
                  className="flex min-h-7 w-full items-baseline gap-2 text-left text-dense hover:bg-hover pointer-coarse:min-h-11"
                >
                  <span className="max-w-[50%] shrink-0 truncate font-mono text-muted">
                    {draft.place.path}, {linesText(draft.place.lines)}
                  </span>
                  <span className="truncate">{plain(draft.text)}</span>
                </button>
              </li>
            ))}
          </ul>
          <Ends onClose={() => onEnding(null)}>
            <Button look="act" disabled={busy || !hasWords || !offered} onClick={doSend}>
              {send.isPending ? 'Sending' : verb}
            </Button>
            <Kbd keys="Mod+Enter" />
          </Ends>
        </Panel>
      )}
      {ending === 'approve' && (
        <Panel label="Approve" onClose={() => onEnding(null)}>
          <p>
            Approves what is shown here, and no later commit. {detail.parent == null ? 'It waits then to be merged.' : 'It goes into the work that it is a part of.'}
          </p>
          {written.length > 0 && <p className="text-muted">Comments that were not sent stay in this browser.</p>}
          <Ends onClose={() => onEnding(null)}>
            <Button look="act" disabled={busy} onClick={() => approve.mutate()}>
              Approve now
            </Button>
          </Ends>
        </Panel>
      )}
      {ending === 'merge' && (
        <Panel label={mergeVerb} onClose={() => onEnding(null)}>
          <p className="break-words">{effect ?? 'What it comes to is not known; look again when the server answers.'}</p>
          {written.length > 0 && <p className="text-muted">Comments that were not sent stay in this browser.</p>}
          <Ends onClose={() => onEnding(null)}>
            <Button look="act" disabled={busy || effect === null} onClick={() => merge.mutate()}>
              {merge.isPending ? 'Merging' : `${mergeVerb} now`}
            </Button>
          </Ends>
        </Panel>
      )}
      <div className="flex min-h-11 flex-wrap items-center gap-2 px-4 py-1 max-desk:px-2">
        {children}
        {offered ? (
          <div className="ml-auto flex flex-wrap items-center gap-2">
            {detail.task.why?.reason.reason === 'partly_merged' && (
              <Link to="/tasks/$task" params={{ task: id }} className={LINK}>
                Or take back what is merged
              </Link>
            )}
            {isDecider && detail.approved_by == null && (
              <Button disabled={busy} aria-expanded={ending === 'approve'} onClick={() => onEnding(ending === 'approve' ? null : 'approve')}>
                Approve
              </Button>
            )}
            {isDecider && detail.parent == null && (
              <Button disabled={busy} aria-expanded={ending === 'merge'} onClick={() => onEnding(ending === 'merge' ? null : 'merge')}>
                {mergeVerb}
              </Button>
            )}
            <Button look={ending === null ? 'act' : 'plain'} disabled={busy} aria-expanded={ending === 'send'} onClick={() => onEnding(ending === 'send' ? null : 'send')}>
              {verb}
            </Button>
          </div>
        ) : (
          <p className="ml-auto text-dense text-muted">
            {isShown ? `It is ${detail.task.state}. ` : 'A part of it cannot be shown, so nothing is decided here. '}
            {written.length > 0 ? 'What you wrote is kept. ' : waits ? '' : 'There is nothing to decide now.'}
            {waits && (
              <Link to="/tasks/$task" params={{ task: id }} className={LINK}>
                What can be done
              </Link>
            )}
          </p>
        )}
      </div>
    </footer>
  );
}

/** Whether it is this person's to decide; others may comment. */
function decides({ task: { why, owner } }: TaskDetail, person: string): boolean {
  return why?.actor.actor === 'person' ? why.actor.name === person : owner === person;
}

/** Which comments were refused, and why; the server counts them from 0. */
function refusedOf(error: unknown, drafts: readonly Draft[]): ReadonlyMap<string, string> {
  const problems = asRequestError(error).more.problems;
  const refused = new Map<string, string>();
  for (const problem of Array.isArray(problems) ? (problems as { comment?: number; text?: string }[]) : []) {
    const draft = drafts[problem.comment ?? -1];
    if (draft) refused.set(draft.id, problem.text ?? 'This stands on nothing that is changed.');
  }
  return refused;
}
