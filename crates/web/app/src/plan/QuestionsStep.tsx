// What the planning agent wants to know, and what it was told: an answer, or that it decides, which is an assumption.
import { Link } from '@tanstack/react-router';
import type { Question, SprintDetail } from '../api/generated/team6.schemas';
import { LINK } from '../ui/Part';
import { plain } from '../ui/markdown/plain';
import { AnswerPlanner } from '../wait/AnswerPlanner';
import { Writes } from '../wait/Writes';
import { PlannerAtWork } from './PlannerAtWork';
import { hasFailed } from './steps';

export function QuestionsStep({ detail }: { detail: SprintDetail }) {
  const { questions } = detail;
  const open = questions.filter(({ state }) => state.state === 'open');
  const decided = questions.filter(({ state }) => state.state !== 'open');
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto" role="region" aria-label="Questions" tabIndex={0}>
      <div className="flex max-w-[640px] flex-col gap-6 px-4 py-4">
        {open.length === 0 && (
          <p className="text-muted">
            {detail.running
              ? 'The agent reads the code. What it wants to know comes here.'
              : hasFailed(detail)
                ? 'No question is open, but the planning failed. '
                : 'No question is open.'}
            {hasFailed(detail) && (
              <Link to="/plan/$sprint/$step" params={{ sprint: detail.sprint.id, step: 'goal' }} className={LINK}>
                See why, and try again
              </Link>
            )}
          </p>
        )}
        {open.map((question) => (
          <section key={question.id} aria-label={`Question ${question.id}`} className="border-l border-accent pl-4">
            <p className="mb-1 text-dense text-faint">asked of {question.asked}</p>
            <Writes>
              <AnswerPlanner sprint={detail.sprint.id} question={question.id} />
            </Writes>
          </section>
        ))}
      </div>
      {decided.length > 0 && (
        <section aria-label="Decided" className="px-4 pb-4">
          <h2 className="text-dense text-faint">Decided</h2>
          <dl>
            {decided.map((question) => (
              <div key={question.id} className="max-w-[640px] border-t border-line py-2">
                <dt className="break-words">{plain(question.text)}</dt>
                <dd className="break-words text-muted">{plain(decision(question))}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {(detail.running || questions.length === 0) && <PlannerAtWork detail={detail} />}
    </div>
  );
}

function decision({ state }: Question): string {
  switch (state.state) {
    case 'answered':
      return `${state.by}: ${state.text}`;
    case 'skipped':
      return state.by_approval
        ? `Assumption: the agent decided, since ${state.by} approved without an answer`
        : `Assumption: ${state.by} left it to the agent`;
    case 'open':
      return '';
  }
}
