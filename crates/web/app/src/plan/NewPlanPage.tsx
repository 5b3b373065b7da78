// Where a sprint begins: a goal in plain words, for a project. What is typed is kept until it is sent.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { openSprint } from '../api/generated/team6';
import { projects } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { NoProject } from '../repos/NoProject';
import { Page } from '../shell/Page';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';
import { LINK } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { readKept, writeKept } from '../ui/kept';
import { say } from '../ui/toasts';
import { Writes } from '../wait/Writes';
import { EXAMPLES, goalWith } from './goals';

interface Begun {
  goal: string;
  project: string | null;
  /** Repositories that are not to be changed. */
  spared: string[];
}

export function NewPlanPage() {
  const id = useId();
  const navigate = useNavigate();
  const { data: all = [] } = useQuery(projects);
  const { project: looked } = useSearch({ strict: false });
  const [begun, setBegun] = useState<Begun>(() => readKept<Begun>('plan.new') ?? { goal: '', project: null, spared: [] });
  useEffect(() => writeKept('plan.new', begun.goal === '' ? null : begun), [begun]);
  const change = (more: Partial<Begun>) => setBegun((now) => ({ ...now, ...more }));
  const project = all.find(({ id }) => id === (begun.project ?? looked)) ?? all.find((each) => Object.keys(each.repositories).length > 0) ?? all[0];
  const repositories = Object.keys(project?.repositories ?? {});
  const chosen = repositories.filter((name) => !begun.spared.includes(name));
  const open = useCommand({
    run: async (goal: string, options) => {
      const { item } = await openSprint({ project: project?.id ?? '', goal }, options);
      writeKept('plan.new', null);
      void navigate({ to: '/plan/$sprint/$step', params: { sprint: item.id, step: 'goal' } });
    },
    quiet: true,
  });
  const ready = begun.goal.trim() !== '' && project !== undefined && chosen.length > 0 && !open.isPending;
  const send = () => ready && open.mutate(goalWith(begun.goal, chosen, repositories));
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    send();
  };
  const take = (goal: string) => {
    const before = begun.goal;
    change({ goal });
    if (before.trim() !== '') say({ kind: 'done', title: 'Replaced by the example', undo: () => change({ goal: before }) });
    document.getElementById(id)?.focus();
  };
  return (
    <Page name="Plan a sprint" title={<h1 className="text-head font-semibold">Plan a sprint</h1>}>
      {all.length === 0 ? (
        <NoProject>A sprint is planned for a project with at least one repository.</NoProject>
      ) : (
        <div role="region" aria-label="The goal" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto">
          <div className="flex max-w-[680px] flex-col gap-5 px-4 py-6">
            <div>
              <label htmlFor={id} className="mb-2 block text-large font-semibold">
                What does the team want?
              </label>
              <Writes>
                <textarea
                  id={id}
                  rows={6}
                  autoFocus
                  value={begun.goal}
                  placeholder="In plain words: what is wanted, for whom, and how one can see that it is done."
                  onChange={(event) => change({ goal: event.target.value })}
                  onKeyDown={press}
                  className="w-full resize-y rounded-md border border-line-strong bg-canvas px-3 py-2 text-head placeholder:text-faint"
                />
              </Writes>
              <p className="mt-1 text-dense text-faint">Kept in this browser as you type.</p>
            </div>
            <div className="flex flex-wrap gap-x-8 gap-y-4">
              <div>
                <label htmlFor={`${id}-project`} className="mb-1 block text-dense text-faint">
                  Project
                </label>
                <select
                  id={`${id}-project`}
                  value={project?.id}
                  onChange={(event) => change({ project: event.target.value, spared: [] })}
                  className="h-8 min-w-40 rounded-md border border-line-strong bg-canvas px-2 pointer-coarse:h-11"
                >
                  {all.map((each) => (
                    <option key={each.id} value={each.id}>
                      {each.title || each.id}
                    </option>
                  ))}
                </select>
              </div>
              <fieldset>
                <legend className="mb-1 text-dense text-faint">Repositories</legend>
                <div className="flex flex-wrap gap-x-4">
                  {repositories.map((name) => (
                    <label key={name} className="flex min-h-8 items-center gap-2 font-mono text-dense pointer-coarse:min-h-11 pointer-coarse:min-w-11">
                      <input
                        type="checkbox"
                        checked={!begun.spared.includes(name)}
                        onChange={(event) =>
                          change({ spared: event.target.checked ? begun.spared.filter((each) => each !== name) : [...begun.spared, name] })
                        }
                      />
                      {name}
                    </label>
                  ))}
                  {repositories.length === 0 && (
                    <p className="text-muted">
                      None yet.{' '}
                      <Link to="/repos" search={{ connect: project?.id }} className={LINK}>
                        Connect one
                      </Link>{' '}
                      or run <code className="font-mono text-dense">team6 repo add {project?.id} PATH_OR_URL</code>; what is written here stays.
                    </p>
                  )}
                </div>
              </fieldset>
            </div>
            {open.error && <ProblemNote error={open.error} />}
            <div className="flex items-center gap-3">
              <Writes>
                <Button look="act" className="h-8" disabled={!ready} onClick={send}>
                  {open.isPending ? 'Starting' : 'Start planning'}
                </Button>
              </Writes>
              <Kbd keys="Mod+Enter" />
              <p className="text-dense text-muted">An agent reads the code, asks, and drafts the tasks. Nothing runs before somebody approves.</p>
            </div>
            <section aria-label="Examples" className="border-t border-line pt-4">
              <h2 className="mb-1 text-dense text-faint">Or begin from one of these</h2>
              <ul>
                {EXAMPLES.map(({ name, goal }) => (
                  <li key={name} className="border-b border-line">
                    <button type="button" onClick={() => take(goal)} className="block w-full py-2 text-left hover:bg-hover">
                      <span className="block font-medium">{name}</span>
                      <span className="block text-muted">{goal}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          </div>
        </div>
      )}
    </Page>
  );
}
