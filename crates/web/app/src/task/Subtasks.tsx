// What was delegated, as lanes: each with its own live state, and what was delegated further below it.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { RelatedTask, TaskDetail } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { Dot, LastSign, stepOf } from '../sprint/Running';
import { Age, Stopwatch } from '../ui/Age';
import { Empty } from '../ui/Empty';
import { StatusMark } from '../ui/StatusMark';
import { isEnded, statusOf } from '../ui/status';
import { Delegate } from './Delegate';

/** Further levels are pages of their own. */
const DEEPEST = 4;

export function Subtasks({ detail }: { detail: TaskDetail }) {
  const { subtasks = [], parent, task } = detail;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      {parent && (
        <p className="border-b border-line px-4 py-2 text-muted">
          Part of{' '}
          <Link to="/tasks/$task" params={{ task: parent.id }} search={{ tab: 'subtasks' }} className="text-fg underline decoration-line-strong underline-offset-4 max-desk:inline-flex max-desk:min-h-11 max-desk:items-center">
            T-{parent.id} {parent.title}
          </Link>
        </p>
      )}
      {subtasks.length === 0 ? (
        <Empty
          title="Nothing of it is delegated"
          command={`team6 task delegate ${task.id} "What" --brief "All that it takes"`}
          action={null}
        >
          Its agent may hand parts of it to others, and so may you. They come here while they are worked on.
        </Empty>
      ) : (
        <Lanes label="Subtasks" tasks={subtasks} depth={0} />
      )}
      {/* In one place of the tree, so that what is written in it outlives the first part that comes meanwhile. */}
      {!isEnded(task.state) && (
        <div className="mx-auto max-w-[46ch] p-4">
          <Delegate detail={detail} />
        </div>
      )}
    </div>
  );
}

function Lanes({ label, tasks, depth }: { label: string; tasks: readonly RelatedTask[]; depth: number }) {
  return (
    <ul aria-label={label}>
      {tasks.map((each) => (
        <Lane key={each.id} related={each} depth={depth} />
      ))}
    </ul>
  );
}

function Lane({ related, depth }: { related: RelatedTask; depth: number }) {
  const { data } = useQuery(task(related.id));
  const state = data?.task.state ?? related.state;
  const life = data?.running ?? null;
  const below = data?.subtasks ?? [];
  return (
    <li>
      <div
        className="flex min-h-12 items-center gap-3 border-b border-line py-1 pr-4 max-desk:flex-wrap max-desk:gap-y-0.5"
        style={{ paddingLeft: 16 + depth * 20 }}
      >
        <StatusMark status={statusOf(state)} label={state} />
        <div className="min-w-0 flex-1 max-desk:basis-[calc(100%-40px)]">
          <Link to="/tasks/$task" params={{ task: related.id }} className="flex items-baseline gap-2 hover:underline max-desk:min-h-11 max-desk:items-center">
            <span className="shrink-0 font-mono text-dense text-faint">T-{related.id}</span>
            <span className="truncate font-medium">{related.title}</span>
            <span className="shrink-0 text-dense text-muted">{state}</span>
          </Link>
          <p className="truncate text-dense text-muted">{stepOf(life) ?? data?.task.why?.text ?? data?.delivery?.what ?? '\u00a0'}</p>
        </div>
        <span className="flex items-center gap-2 font-mono text-dense text-muted">
          {life && <Dot />}
          {life?.agent ?? data?.agent?.agent ?? 'no agent yet'}
        </span>
        {life ? (
          <>
            <Stopwatch since={life.started_at} className="w-14 shrink-0 text-right font-mono text-dense" />
            <LastSign life={life} />
          </>
        ) : (
          data && <Age since={data.task.since} className="w-12 shrink-0 text-right font-mono text-dense text-faint" />
        )}
      </div>
      {below.length > 0 && depth < DEEPEST && <Lanes label={`Subtasks of T-${related.id}`} tasks={below} depth={depth + 1} />}
    </li>
  );
}
