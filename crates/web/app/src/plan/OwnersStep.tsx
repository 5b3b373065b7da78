// Who is accountable for each task: a grid of tasks and people that is walked by the arrow keys, with what each person
// already has, and whom the engine would suggest.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, useRef, useState } from 'react';
import { setOwners } from '../api/generated/team6';
import type { PersonItem, SprintDetail, TaskItem } from '../api/generated/team6.schemas';
import { ownerSuggestions, people } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button, buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { isEnded } from '../ui/status';
import { Writes } from '../wait/Writes';
import { Deputies } from './Deputies';
import { type Load, loadsOf } from './loads';

export function OwnersStep({ detail }: { detail: SprintDetail }) {
  const { id } = detail.sprint;
  const { data: team, error } = useQuery(people);
  const { data: suggested } = useQuery(ownerSuggestions(id, detail.version));
  const set = useCommand({
    run: (owners: Record<string, string>, options) => setOwners(id, owners, options),
    done: (owners) => {
      const all = Object.entries(owners);
      return all.length === 1 ? `${all[0]?.[1]} owns it` : `${all.length} tasks have an owner`;
    },
  });
  const tasks = detail.tasks.filter(({ task, in_plan }) => in_plan && !isEnded(task.state)).map(({ task }) => task);
  const best = new Map((suggested?.tasks ?? []).map(({ task, suggestions }) => [task, suggestions[0]]));
  const missing = tasks.filter(({ owner }) => owner == null);
  const taken = Object.fromEntries(missing.flatMap(({ id }) => (best.get(id) ? [[id, best.get(id)?.person ?? '']] : [])));
  const count = Object.keys(taken).length;
  if (tasks.length === 0)
    return (
      <Empty
        title="There are no tasks yet"
        command={`team6 sprint owners ${id} TASK=PERSON`}
        action={
          <Link to="/plan/$sprint/$step" params={{ sprint: id, step: 'tasks' }} className={buttonClass('plain')}>
            Go to the tasks
          </Link>
        }
      >
        Each task gets a person who is accountable for it, reviews what its agent made, and merges it.
      </Empty>
    );
  if (!team && error) return <ProblemNote error={error} />;
  // Without its people the grid would be lower, and grow under the hand.
  if (!team) return <SkeletonRows rows={tasks.length} label="Loading the people" />;
  return (
    <>
      <div className="flex min-h-11 shrink-0 items-center gap-3 border-b max-desk:min-h-13 border-line px-4 max-desk:px-2">
        <p role="status" className="min-w-0 flex-1 truncate text-dense text-muted">
          {missing.length === 0 ? 'Every task has an owner' : `${missing.length} of ${tasks.length} have no owner`}
        </p>
        <Writes>
          <Button look={count > 0 ? 'act' : 'plain'} disabled={count === 0 || set.isPending} onClick={() => set.mutate(taken)}>
            {count === 0 ? 'No suggestion is left' : count === 1 ? 'Take the suggestion' : `Take all ${count} suggestions`}
          </Button>
        </Writes>
      </div>
      <div role="region" aria-label="Tasks and people" tabIndex={0} className="min-h-0 flex-1 overflow-auto">
        <Writes>
          <Grid
            tasks={tasks}
            team={team}
            loads={loadsOf(detail)}
            suggestion={(task) => best.get(task)}
            busy={set.isPending}
            onSet={(task, person) => set.mutate({ [task]: person })}
          />
        </Writes>
        <Deputies detail={detail} team={team} />
      </div>
    </>
  );
}

interface GridProps {
  tasks: readonly TaskItem[];
  team: readonly PersonItem[];
  loads: Map<string, Load>;
  suggestion: (task: number) => { person: string; reason: string } | undefined;
  busy: boolean;
  onSet: (task: number, person: string) => void;
}

function Grid({ tasks, team, loads, suggestion, busy, onSet }: GridProps) {
  const [at, setAt] = useState({ row: 0, column: 0 });
  const table = useRef<HTMLTableElement>(null);
  const most = Math.max(1, ...[...loads.values()].map(({ minutes }) => minutes));
  const go = (row: number, column: number) => {
    const to = { row: Math.max(0, Math.min(tasks.length - 1, row)), column: Math.max(0, Math.min(team.length - 1, column)) };
    setAt(to);
    table.current?.querySelector<HTMLElement>(`[data-cell="${to.row}-${to.column}"]`)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const by = MOVES[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(event.key === 'Home' || event.key === 'End' ? at.row : at.row + by[0], event.key === 'Home' ? 0 : event.key === 'End' ? team.length : at.column + by[1]);
  };
  return (
    <table ref={table} role="grid" aria-label="Owners" onKeyDown={press} className="border-collapse">
      <thead>
        <tr>
          <th scope="col" className="sticky left-0 z-10 bg-canvas px-4 py-2 text-left text-dense font-normal text-faint max-desk:px-2">
            Task
          </th>
          {team.map((person) => (
            <th key={person.id} scope="col" className="min-w-24 px-2 py-2 text-left align-bottom font-normal">
              <span className="block truncate font-medium">{person.name}</span>
              <LoadBar load={loads.get(person.id)} most={most} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {tasks.map((task, row) => {
          const suggested = suggestion(task.id);
          return (
            <tr key={task.id} className="border-t border-line hover:bg-hover">
              <th scope="row" className="sticky left-0 z-10 w-[28rem] max-w-[42vw] bg-canvas px-4 py-1 text-left font-normal max-desk:px-2">
                <span className="block truncate">{task.title}</span>
                <span className="block truncate text-dense text-faint" title={suggested?.reason}>
                  {suggested ? `${suggested.person}: ${suggested.reason}` : '\u00a0'}
                </span>
              </th>
              {team.map((person, column) => {
                const owns = task.owner === person.id;
                return (
                  <td key={person.id} role="gridcell" aria-selected={owns} className="px-2">
                    <button
                      type="button"
                      data-cell={`${row}-${column}`}
                      tabIndex={at.row === row && at.column === column ? 0 : -1}
                      aria-pressed={owns}
                      aria-label={`${person.name} owns ${task.title}${suggested?.person === person.id ? ' (suggested)' : ''}`}
                      aria-disabled={busy || undefined}
                      onFocus={() => setAt({ row, column })}
                      onClick={() => !busy && !owns && onSet(task.id, person.id)}
                      className="flex size-8 items-center justify-center rounded-md border border-transparent hover:border-line-strong aria-pressed:text-fg pointer-coarse:size-11"
                    >
                      <span aria-hidden className={owns ? 'text-head' : suggested?.person === person.id ? 'text-head text-muted' : 'text-faint'}>
                        {owns ? '●' : suggested?.person === person.id ? '○' : '·'}
                      </span>
                    </button>
                  </td>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const MOVES: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, 0],
  End: [0, 0],
};

function LoadBar({ load, most }: { load: Load | undefined; most: number }) {
  const { tasks = 0, minutes = 0, toReview = 0 } = load ?? {};
  return (
    <>
      <span className="block text-meta whitespace-nowrap text-muted">
        {tasks} {tasks === 1 ? 'task' : 'tasks'}, {(minutes / 60).toFixed(1)} h{toReview > 0 ? `, ${toReview} to review` : ''}
      </span>
      <span aria-hidden className="mt-1 block h-1 bg-line">
        <span className="block h-1 bg-muted" style={{ width: `${(100 * minutes) / most}%` }} />
      </span>
    </>
  );
}
