// A plan before the person who may approve it: what will run, who is accountable, and what still stands in its way.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { approvePlan, messagePlanner } from '../api/generated/team6';
import type { PlanVersion, SprintId } from '../api/generated/team6.schemas';
import { sprint } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { Owners } from './Owners';
import { Words } from './Words';
import { revisionOf } from './unsent';

export function ApprovePlan({ sprint: id, version }: { sprint: SprintId; version: PlanVersion }) {
  const { data } = useQuery(sprint(id));
  const approve = useCommand({
    run: (_: void, options) => approvePlan(id, { version }, options),
    done: 'Approved; its tasks start',
    quiet: true,
  });
  const revise = useCommand({
    run: (text: string, options) => messagePlanner(id, { text }, options),
    done: 'Sent to the planning agent',
  });
  if (!data) return <SkeletonRows rows={6} label="Loading the plan" />;
  const planned = data.tasks.filter((task) => task.in_plan);
  const minutes = planned.reduce((sum, task) => sum + task.estimate_minutes, 0);
  const open = data.questions.filter((question) => question.state.state === 'open').length;
  const agents = data.agents.map(({ id }) => id).join(', ');
  return (
    <div className="flex flex-col gap-4">
      <p className="text-muted">
        Version {version}: {planned.length} {planned.length === 1 ? 'task' : 'tasks'}, about{' '}
        {Math.max(1, Math.round(minutes / 60))} h of work{agents ? ` by ${agents}` : ''}.
        {open > 0 && ` ${open} open ${open === 1 ? 'question is' : 'questions are'} left to the agent.`}
      </p>
      <Owners sprint={id} />
      {approve.error && <ProblemNote error={approve.error} />}
      <div className="flex flex-wrap gap-2">
        <Button look="act" disabled={approve.isPending} onClick={() => approve.mutate()}>
          {approve.isPending ? 'Approving' : `Approve version ${version}`}
        </Button>
        <Link to="/sprints/$sprint" params={{ sprint: id }} className="self-center text-dense text-muted underline">
          See its graph
        </Link>
      </div>
      <Words
        label="Or have it revised"
        placeholder="What should be different?"
        verb="Ask for a revision"
        look="plain"
        busy={revise.isPending}
        about={revisionOf(id)}
        onSend={revise.mutateAsync}
      />
    </div>
  );
}
