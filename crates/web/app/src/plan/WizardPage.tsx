// The way from a goal to an approved plan. Each step has an address; whatever is typed is kept, so that anybody can go
// on at any time, and so can somebody else.
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { sprint } from '../api/queries';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { buttonClass } from '../ui/Button';
import { WaitsHere } from '../wait/WaitsHere';
import { ApproveStep } from './ApproveStep';
import { DraftContext } from './editTask';
import { GoalStep } from './GoalStep';
import { OwnersStep } from './OwnersStep';
import { Panel } from './Panel';
import { PlanBar } from './PlanBar';
import { PrdStep } from './PrdStep';
import { QuestionsStep } from './QuestionsStep';
import { Rail } from './Rail';
import { planOf, EMPTY } from './model';
import { STEPS, STEP_NAME, type Step, stepsOf, whereToGoOn } from './steps';
import { TasksStep } from './TasksStep';
import { useDraft } from './useDraft';

const route = getRouteApi('/shell/plan/$sprint/$step');
const entry = getRouteApi('/shell/plan/$sprint');

/** What keeps the planning agent from going on, whichever step one is at. */
const STOPPED = new Set(['budget', 'funds', 'held']);

/** The address without a step leads to the one at which somebody goes on. */
export function WizardEntry() {
  const { sprint: id } = entry.useParams();
  const { data } = useQuery(sprint(id));
  if (!data) return null;
  const step = whereToGoOn(data, data.plan ? planOf(data.plan.plan) : EMPTY);
  return <Navigate to="/plan/$sprint/$step" params={{ sprint: id, step }} replace />;
}

export function WizardPage() {
  const { sprint: id, step } = route.useParams();
  const { data } = useQuery(sprint(id));
  return data ? <Wizard key={id} detail={data} step={step} /> : null;
}

function Wizard({ detail, step }: { detail: SprintDetail; step: Step }) {
  const { id, title, why } = detail.sprint;
  const navigate = route.useNavigate();
  const draft = useDraft(detail);
  const steps = stepsOf(detail, draft.plan);
  const at = STEPS.indexOf(step);
  const [before, next] = [STEPS[at - 1], STEPS[at + 1]];
  const go = (to: Step | undefined) => to && void navigate({ to: '/plan/$sprint/$step', params: { sprint: id, step: to } });
  usePageKeys({ ']': () => go(next), '[': () => go(before) });
  useEffect(() => {
    // A step that is left is a pause.
    return () => void draft.flush();
  }, [draft, step]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.key !== 's') return;
      event.preventDefault();
      void draft.flush();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [draft]);
  const edits = step === 'prd' || step === 'tasks';
  return (
    <Page
      name={`${STEP_NAME[step]}: ${title}`}
      title={
        <h1 className="flex min-w-0 items-baseline gap-2 text-head font-semibold max-desk:w-full">
          <span className="shrink-0 font-mono text-dense font-normal text-faint">S-{id}</span>
          <span className="truncate">{title}</span>
        </h1>
      }
      actions={
        <>
          <Link to="/sprints/$sprint" params={{ sprint: id }} className={buttonClass('quiet')}>
            The sprint
          </Link>
          {next && (
            <Link to="/plan/$sprint/$step" params={{ sprint: id, step: next }} className={buttonClass('plain')}>
              Next: {STEP_NAME[next]}
            </Link>
          )}
        </>
      }
      inspector={<Panel detail={detail} draft={draft} />}
    >
      <div className="flex min-h-0 flex-1 max-desk:flex-col">
        <Rail sprint={id} steps={steps} current={step} />
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {why && STOPPED.has(why.reason.reason) && <WaitsHere sprint={id} task={null} why={why} />}
          {edits && <PlanBar detail={detail} draft={draft} />}
          {step === 'goal' && <GoalStep detail={detail} />}
          {step === 'questions' && <QuestionsStep detail={detail} />}
          {step === 'prd' && <PrdStep detail={detail} draft={draft} />}
          {step === 'tasks' && (
            <DraftContext value={draft}>
              <TasksStep detail={detail} draft={draft} />
            </DraftContext>
          )}
          {step === 'owners' && <OwnersStep detail={detail} />}
          {step === 'approve' && <ApproveStep detail={detail} draft={draft} />}
        </div>
      </div>
    </Page>
  );
}
