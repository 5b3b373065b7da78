// What was planned: the task as people approved it, and what it hangs on.
import { Link } from '@tanstack/react-router';
import type { RelatedTask, TaskDetail } from '../api/generated/team6.schemas';
import { Markdown, Readable } from '../ui/markdown/Markdown';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { statusOf } from '../ui/status';
import { AgentOfTask } from './AgentOfTask';

export function PlanOfTask({ detail }: { detail: TaskDetail }) {
  const { planned, dependencies, dependents, subtasks = [], parent, approved } = detail;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <Readable fallback={<SkeletonRows rows={10} label="Loading the plan" />}>
        <div className="flex max-w-[72ch] flex-col gap-5 px-4 py-5">
          <Part title="What" text={planned.what || planned.title} />
          {planned.why && <Part title="Why" text={planned.why} />}
          {(planned.acceptance_criteria ?? []).length > 0 && (
            <section>
              <h2 className="text-dense text-faint">Done when</h2>
              <ul className="list-disc pl-4">
                {(planned.acceptance_criteria ?? []).map((criterion) => (
                  <li key={criterion} className="break-words">
                    {criterion}
                  </li>
                ))}
              </ul>
            </section>
          )}
          <dl className="grid grid-cols-[112px_1fr] gap-y-1 border-y border-line py-3 text-dense">
            <dt className="text-faint">Estimate</dt>
            <dd className="font-mono">{planned.estimate_minutes} min</dd>
            <dt className="text-faint">Priority</dt>
            <dd>{planned.priority ?? 'normal'}</dd>
            <dt className="text-faint">Field</dt>
            <dd>{planned.specialty ?? 'any'}</dd>
            <dt className="text-faint">Repositories</dt>
            <dd className="font-mono">{planned.repositories.join(', ')}</dd>
            <dt className="text-faint">Paths</dt>
            <dd className="font-mono break-all">{(planned.paths ?? []).join(', ') || 'none named'}</dd>
            <dt className="text-faint">Approved</dt>
            <dd>{approved == null ? 'not yet' : `in version ${approved} of the plan`}</dd>
          </dl>
          <AgentOfTask detail={detail} />
          {parent && <Tasks title="Part of" tasks={[parent]} />}
          <Tasks title="Waits for" tasks={dependencies} />
          <Tasks title="Waiting for it" tasks={dependents} />
          <Tasks title="Subtasks" tasks={subtasks} />
        </div>
      </Readable>
    </div>
  );
}

function Part({ title, text }: { title: string; text: string }) {
  return (
    <section>
      <h2 className="text-dense text-faint">{title}</h2>
      <Markdown text={text} />
    </section>
  );
}

function Tasks({ title, tasks }: { title: string; tasks: readonly RelatedTask[] }) {
  if (tasks.length === 0) return null;
  return (
    <section>
      <h2 className="text-dense text-faint">{title}</h2>
      <ul>
        {tasks.map(({ id, title, state }) => (
          <li key={id}>
            <Link to="/tasks/$task" params={{ task: id }} className="flex min-h-7 items-center gap-2 hover:bg-hover max-desk:min-h-11">
              <StatusMark status={statusOf(state)} label={state} size={12} />
              <span className="font-mono text-dense text-faint">T-{id}</span>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
