// The last look before anything runs: what will be done, where, by whom and for how much; what is missing leads back to
// where it is mended.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { approvePlan } from '../api/generated/team6';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { me, people, projects } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { SprintBudget } from '../budget/SprintBudget';
import { Button } from '../ui/Button';
import { ProblemNote } from '../ui/ProblemNote';
import { StatusMark } from '../ui/StatusMark';
import { isEnded } from '../ui/status';
import { Writes } from '../wait/Writes';
import { agents } from '../work/queries';
import { budgetText, checklist, effectOf } from './checklist';
import type { Draft } from './draft';
import { STEP_NAME } from './steps';

interface Props {
  detail: SprintDetail;
  draft: Draft;
}

export function ApproveStep({ detail, draft }: Props) {
  const { id, project } = detail.sprint;
  const version = detail.plan?.version ?? 0;
  const approved = detail.approval?.version === version && version > 0;
  const { data: mine } = useQuery(me);
  const { data: team = [] } = useQuery(people);
  const { data: known = [] } = useQuery(projects);
  const { data: cards } = useQuery(agents);
  const approve = useCommand({
    run: (_: void, options) => approvePlan(id, { version }, options),
    done: `Version ${version} is approved`,
    quiet: true,
  });
  useEffect(() => void draft.flush(), [draft]);
  const repositories = Object.keys(known.find((each) => each.id === project)?.repositories ?? {});
  const checks = checklist({
    detail,
    draft,
    agents: cards ?? [],
    repositories,
    me: team.find((person) => person.id === mine?.person.id),
  });
  const ready = version > 0 && !approved && cards !== undefined && checks.every(({ ok, soft }) => ok || soft);
  const effect = effectOf(detail, draft.plan);
  return (
    <div role="region" aria-label="Approval" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto">
      <div className="flex max-w-[720px] flex-col gap-6 px-4 py-5">
        <Summary detail={detail} draft={draft} />
        <details>
          <summary className="flex min-h-(--row) cursor-pointer items-center gap-2 text-muted hover:text-fg">What it may spend</summary>
          <SprintBudget sprint={id} />
        </details>
        <section aria-label="Checklist">
          <ul className="border-t border-line">
            {checks.map(({ text, ok, soft, step }) => (
              <li key={step + text} className="flex min-h-9 items-center gap-2 border-b border-line py-1">
                <StatusMark status={ok ? 'done' : soft ? 'assigned' : 'blocked'} label={ok ? 'done' : soft ? 'worth knowing' : 'missing'} />
                <span className="min-w-0 flex-1 break-words">{text}</span>
                {!ok && step !== 'approve' && (
                  <Link
                    to="/plan/$sprint/$step"
                    params={{ sprint: id, step }}
                    className="flex shrink-0 items-center text-dense underline decoration-line-strong underline-offset-4 hover:decoration-fg pointer-coarse:min-h-11"
                  >
                    {STEP_NAME[step]}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </section>
        {approve.error && <ProblemNote error={approve.error} />}
        {approved ? (
          <p>
            <StatusMark status="done" className="mr-2 inline" />
            Version {version} was approved by {detail.approval?.by}.{' '}
            <Link to="/sprints/$sprint" params={{ sprint: id }} className="underline decoration-line-strong underline-offset-4">
              Watch the sprint
            </Link>
          </p>
        ) : (
          <div className="flex flex-col items-start gap-2">
            <p id="effect" className="text-muted">
              {version > 0 ? `Once it is approved, version ${version} runs: ${effect}.` : 'There is no version to approve yet.'}
            </p>
            <Writes>
              <Button look="act" aria-describedby="effect" disabled={!ready || approve.isPending} onClick={() => approve.mutate()}>
                {approve.isPending ? 'Approving' : version > 0 ? `Approve version ${version}` : 'Approve'}
              </Button>
            </Writes>
          </div>
        )}
      </div>
    </div>
  );
}

function Summary({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const open = detail.tasks.filter(({ task, in_plan }) => in_plan && !isEnded(task.state));
  const minutes = open.reduce((sum, task) => sum + task.estimate_minutes, 0);
  const where = [...new Set(draft.plan.tasks.flatMap((task) => task.repositories))];
  const fields = [...new Set(draft.plan.tasks.map(({ specialty }) => specialty ?? 'any'))];
  const owners = [...new Set(open.flatMap(({ task }) => task.owner ?? []))];
  const rows: [string, string][] = [
    ['What', `${open.length} ${open.length === 1 ? 'task' : 'tasks'}, about ${(minutes / 60).toFixed(1)} h of work`],
    ['Where', where.join(', ') || 'nowhere yet'],
    ['Fields', fields.join(', ') || 'none yet'],
    ['Owners', owners.join(', ') || 'nobody yet'],
    ['Budget', budgetText(detail.spending?.budget ?? {})],
  ];
  return (
    <section aria-label="What will run">
      <h2 className="mb-2 text-title font-semibold">{draft.plan.title || detail.sprint.title}</h2>
      <dl className="grid grid-cols-[88px_1fr] gap-y-1 text-dense">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
