// What the team wants, in its own words, and the agent that makes a plan of it.
import type { SprintDetail } from '../api/generated/team6.schemas';
import { Age } from '../ui/Age';
import { AsWritten } from '../ui/markdown/AsWritten';
import { WaitsHere } from '../wait/WaitsHere';
import { PlannerAtWork } from './PlannerAtWork';
import { hasFailed } from './steps';

export function GoalStep({ detail }: { detail: SprintDetail }) {
  const { id, lead, project, why } = detail.sprint;
  return (
    <>
      <section
        aria-label="The goal"
        tabIndex={0}
        className="max-h-[40%] shrink-0 overflow-y-auto px-4 py-4"
      >
        <AsWritten text={detail.goal} className="max-w-[72ch] text-head" />
        <p className="mt-2 text-dense text-faint">
          {lead} asked for it in <span className="font-mono">{project}</span>, <Age since={detail.opened_at} /> ago
        </p>
      </section>
      {why && hasFailed(detail) && <WaitsHere sprint={id} task={null} why={why} />}
      <PlannerAtWork detail={detail} />
    </>
  );
}
