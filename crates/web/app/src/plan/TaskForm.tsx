// A task of the plan in the inspector: everything that its agent will be told.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useId, useState } from 'react';
import type { Priority, SprintDetail } from '../api/generated/team6.schemas';
import { projects } from '../api/queries';
import { Button } from '../ui/Button';
import { LINK } from '../ui/Part';
import { Writes } from '../wait/Writes';
import type { Draft } from './draft';
import type { Lock } from './lock';
import { type Field, type Task, taskAt, withField } from './model';
import { minutes, slug } from './OutlineLine';
import { waits } from './outline';

const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];
const TEXT = 'w-full rounded-md border border-line-strong bg-canvas px-2 py-1 placeholder:text-faint';
const SMALL = `${TEXT} h-7 py-0 pointer-coarse:h-11`;

interface Props {
  detail: SprintDetail;
  draft: Draft;
  task: Task;
  lock: Lock | null;
}

export function TaskForm({ detail, draft, task, lock }: Props) {
  const { key } = task;
  const set = <F extends Field>(field: F, value: Task[F]) => draft.edit((plan) => withField(plan, key, field, value));
  return (
    <div className="flex flex-col gap-4 p-4">
      {lock && (
        <p className="text-dense text-muted">
          <Link to="/tasks/$task" params={{ task: lock.task.id }} className={LINK}>
            T-{lock.task.id}
          </Link>{' '}
          {lock.why ?? (lock.task.approved ? '' : 'It waits for approval.')}
        </p>
      )}
      <Writes>
        <fieldset disabled={lock?.why != null} className="contents">
          <Labelled name="Title">
            {(id) => <input id={id} className={SMALL} value={task.title} maxLength={200} onChange={(event) => set('title', event.target.value)} />}
          </Labelled>
          <Labelled name="What">
            {(id) => <textarea id={id} rows={4} className={TEXT} value={task.what} onChange={(event) => set('what', event.target.value)} />}
          </Labelled>
          <Labelled name="Why">
            {(id) => <textarea id={id} rows={2} className={TEXT} value={task.why} onChange={(event) => set('why', event.target.value)} />}
          </Labelled>
          <Labelled name="Done when, a line each">
            {(id) => <Lines id={id} rows={4} value={task.acceptance_criteria} onChange={(lines) => set('acceptance_criteria', lines)} />}
          </Labelled>
          <WaitsFor draft={draft} task={task} />
          <div className="grid grid-cols-3 gap-2">
            <Labelled name="Minutes">
              {(id) => (
                <input
                  id={id}
                  inputMode="numeric"
                  className={`${SMALL} font-mono`}
                  value={task.estimate_minutes || ''}
                  onChange={(event) => set('estimate_minutes', minutes(event.target.value))}
                />
              )}
            </Labelled>
            <Labelled name="Priority">
              {(id) => (
                <select id={id} className={SMALL} value={task.priority} onChange={(event) => set('priority', event.target.value as Priority)}>
                  {PRIORITIES.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              )}
            </Labelled>
            <Labelled name="Field">
              {(id) => (
                <input id={id} list="specialties" className={SMALL} value={task.specialty ?? ''} placeholder="any" onChange={(event) => set('specialty', slug(event.target.value))} />
              )}
            </Labelled>
          </div>
          <Repositories project={detail.sprint.project} task={task} onChange={(repositories) => set('repositories', repositories)} />
          <Labelled name="Paths that it probably touches, a line each">
            {(id) => <Lines id={id} rows={2} value={task.paths} onChange={(lines) => set('paths', lines)} />}
          </Labelled>
        </fieldset>
      </Writes>
    </div>
  );
}

function Labelled({ name, children }: { name: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-dense text-faint">
        {name}
      </label>
      {children(id)}
    </div>
  );
}

/** A list as lines. Empty ones stay while somebody writes, and are not saved. */
function Lines({ id, rows, value, onChange }: { id: string; rows: number; value: readonly string[]; onChange: (lines: string[]) => void }) {
  return (
    <textarea
      id={id}
      rows={rows}
      className={TEXT}
      value={value.join('\n')}
      onChange={(event) => onChange(event.target.value === '' ? [] : event.target.value.split('\n'))}
    />
  );
}

function WaitsFor({ draft, task }: { draft: Draft; task: Task }) {
  const [refused, refuse] = useState<string | null>(null);
  const others = draft.plan.tasks.filter(({ key }) => key !== task.key && !task.depends_on.includes(key));
  const set = (depends_on: readonly string[]) => {
    const edited = waits(draft.plan, task.key, depends_on, '');
    if ('refused' in edited) return refuse(edited.refused);
    refuse(null);
    draft.edit(() => edited.plan);
  };
  return (
    <section aria-label="Waits for">
      <h3 className="mb-1 text-dense text-faint">Waits for</h3>
      <ul>
        {task.depends_on.map((key) => (
          <li key={key} className="flex items-center gap-2">
            <span className="min-w-0 flex-1 truncate">{taskAt(draft.plan, key)?.title ?? key}</span>
            <Button
              look="quiet"
              aria-label={`No longer wait for ${taskAt(draft.plan, key)?.title ?? key}`}
              onClick={() => set(task.depends_on.filter((each) => each !== key))}
            >
              ✕
            </Button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <select aria-label="Wait for another task" className={SMALL} value="" onChange={(event) => set([...task.depends_on, event.target.value])}>
          <option value="" disabled>
            add one
          </option>
          {others.map(({ key, title }) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      )}
      {refused && (
        <p role="alert" className="mt-1 break-words text-dense text-st-failed">
          {refused}
        </p>
      )}
    </section>
  );
}

function Repositories({ project, task, onChange }: { project: string; task: Task; onChange: (names: string[]) => void }) {
  const { data = [] } = useQuery(projects);
  const known = Object.keys(data.find(({ id }) => id === project)?.repositories ?? {});
  return (
    <fieldset className="contents">
      <legend className="sr-only">Repositories</legend>
      <div>
        <p aria-hidden className="mb-1 text-dense text-faint">
          Repositories
        </p>
        {[...new Set([...known, ...task.repositories])].map((name) => (
          <label key={name} className="flex min-h-7 items-center gap-2 font-mono text-dense pointer-coarse:min-h-11">
            <input
              type="checkbox"
              checked={task.repositories.includes(name)}
              onChange={(event) =>
                onChange(event.target.checked ? [...task.repositories, name] : task.repositories.filter((each) => each !== name))
              }
            />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
