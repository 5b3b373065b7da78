// Where somebody is on the way from a goal to an approved plan, and what each step still lacks.
import { Link } from '@tanstack/react-router';
import type { SprintId } from '../api/generated/team6.schemas';
import { StatusMark } from '../ui/StatusMark';
import { STEP_NAME, type Step, type StepState } from './steps';

interface Props {
  sprint: SprintId;
  steps: readonly StepState[];
  current: Step;
}

export function Rail({ sprint, steps, current }: Props) {
  return (
    <nav aria-label="Steps of the plan" className="shrink-0 border-line max-desk:border-b desk:w-40 desk:border-r">
      <ol className="flex desk:flex-col desk:gap-px desk:p-2 max-desk:justify-between max-desk:px-1">
        {steps.map(({ step, done, lacks }) => (
          <li key={step} className="min-w-0">
            <Link
              to="/plan/$sprint/$step"
              params={{ sprint, step }}
              aria-current={step === current ? 'step' : undefined}
              className="flex items-center gap-2 rounded-md px-2 py-1 text-muted hover:bg-hover hover:text-fg aria-[current]:bg-raised aria-[current]:font-medium aria-[current]:text-fg max-desk:h-12 max-desk:flex-col max-desk:justify-center max-desk:gap-0.5 max-desk:rounded-none max-desk:px-1 max-desk:text-meta desk:min-h-11"
            >
              <StatusMark status={done ? 'done' : step === 'goal' ? 'failed' : lacks ? 'blocked' : 'assigned'} size={12} />
              <span className="min-w-0">
                <span className="block">{STEP_NAME[step]}</span>{' '}
                <span className="block text-meta font-normal text-faint max-desk:sr-only">{lacks ?? (done ? 'done' : '')}</span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
