// What attempts of a task were told of the project's memory, so that one can see why an agent did as it did.
import { Link } from '@tanstack/react-router';
import type { TaskDetail, ToldMemories } from '../api/generated/team6.schemas';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { full } from '../ui/time';

export function MemoryOfTask({ detail }: { detail: TaskDetail }) {
  const told = (detail.memories ?? []).filter(({ memories }) => memories.length > 0);
  if (told.length === 0)
    return (
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Empty
          title="No memory was used"
          command={`team6 memory search ${detail.project} "WORDS"`}
          action={
            <Link to="/memory" search={{ project: detail.project }} className={buttonClass('plain')}>
              See what the project remembers
            </Link>
          }
        >
          At its beginning an attempt is told what earlier tasks of the project taught. There was nothing for this one yet.
        </Empty>
      </div>
    );
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      {[...told].reverse().map((each) => (
        <Told key={each.attempt} told={each} project={detail.project} task={detail.task.id} />
      ))}
    </div>
  );
}

function Told({ told: { attempt, at, memories }, project, task }: { told: ToldMemories; project: string; task: number }) {
  return (
    <section aria-label={`Told to ${attempt}`}>
      <h2 className="flex items-baseline gap-3 border-b border-line bg-sunken px-4 py-1 text-dense text-muted">
        <Link to="/tasks/$task" params={{ task }} search={{ attempt }} className="font-mono text-fg underline decoration-line-strong underline-offset-4 max-desk:py-3">
          {attempt}
        </Link>
        <span className="font-mono text-faint">{full(at)}</span>
      </h2>
      <ul>
        {memories.map(({ id, kind, state, text }) => (
          <li key={id} className="flex items-baseline gap-3 border-b border-line px-4 py-1.5">
            <span className="w-20 shrink-0 text-dense text-muted">{kind}</span>
            <Link
              to="/memory"
              search={{ project, memory: id }}
              className="shrink-0 font-mono text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:py-3"
            >
              M-{id}
            </Link>
            <span className="min-w-0 flex-1 wrap-anywhere">{text}</span>
            {state !== 'active' && <span className="shrink-0 text-dense text-muted">{state}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
