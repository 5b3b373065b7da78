// What a project remembers: searched and narrowed down, each memory with where it comes from, to be put right by people.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useRef } from 'react';
import type { Memory } from '../api/generated/team6.schemas';
import { projects } from '../api/queries';
import { NoProject } from '../repos/NoProject';
import { Inspector } from '../shell/Inspector';
import { Page } from '../shell/Page';
import { usePageKeys } from '../shell/keys';
import { Age } from '../ui/Age';
import { Button, buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { Filters, Select, Text } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { StatusMark } from '../ui/StatusMark';
import { useChosen } from '../ui/useChosen';
import { Writes } from '../wait/Writes';
import { AddMemory } from './AddMemory';
import { OneMemory } from './OneMemory';
import { memories, memory } from './queries';
import { KINDS, STATES, scopeOf, sourceOf, stateOf } from './words';

const route = getRouteApi('/shell/memory');

export function MemoryPage() {
  const search = route.useSearch();
  const { q = '', kind, state, repo, memory: chosen, add } = search;
  const navigate = route.useNavigate();
  const { data: known } = useQuery(projects);
  const project = known?.find(({ id }) => id === search.project) ?? known?.[0];
  const set = (more: Partial<typeof search>) => void navigate({ search: { ...search, ...more }, replace: true });
  const asked = useDeferredValue(q.trim());
  const { data: list, error } = useQuery(
    memories(project?.id, {
      ...(asked ? { q: asked } : {}),
      ...(kind ? { kind } : {}),
      ...(repo ? { repository: repo } : {}),
      state: state ?? 'active',
    }),
  );
  const { data: alone } = useQuery(memory(project?.id, chosen));
  const choose = (id: number | undefined) => set({ memory: id, add: undefined });
  const adds = () => set({ add: true, memory: undefined });
  useChosen((list ?? []).map(({ id }) => id), chosen, choose);
  const field = useRef<HTMLDivElement>(null);
  usePageKeys({ '/': () => field.current?.querySelector('input')?.focus(), n: adds });
  const shown = list?.find(({ id }) => id === chosen) ?? alone;
  const narrowed = q !== '' || kind !== undefined || state !== undefined || repo !== undefined;
  return (
    <Page
      name="Memory"
      title={
        <h1 className="text-head font-semibold">
          Memory <span className="ml-1 font-mono font-normal text-faint">{list?.length ?? ''}</span>
        </h1>
      }
      actions={project && <Button onClick={adds}>Add a memory</Button>}
      inspector={
        project && add ? (
          <Inspector label="New memory" title={<h2 className="truncate font-semibold">New memory of {project.title || project.id}</h2>} onClose={() => choose(undefined)}>
            <AddMemory
              key={project.id}
              project={project.id}
              repositories={Object.keys(project.repositories)}
              onAdded={({ id }) => choose(id)}
              onLeave={() => choose(undefined)}
            />
          </Inspector>
        ) : (
          shown &&
          project && (
            <Inspector label="Memory" title={<h2 className="truncate font-semibold">M-{shown.id}</h2>} onClose={() => choose(undefined)}>
              <OneMemory key={shown.id} project={project.id} memory={shown} repositories={Object.keys(project.repositories)} />
            </Inspector>
          )
        )
      }
    >
      <div ref={field}>
        <Filters label="Memories">
          {(known?.length ?? 0) > 1 && project && (
            <Select
              label="Project"
              value={project.id}
              options={(known ?? []).map(({ id }) => id)}
              onChoose={(id) => void navigate({ search: { project: id }, replace: true })}
            />
          )}
          <Text type="search" label="Search memories" placeholder="Search" value={q} onChange={(event) => set({ q: event.target.value || undefined })} className="w-48" />
          <Select
            label="Kind"
            value={kind ?? ''}
            options={[['', 'any kind'], ...KINDS]}
            onChoose={(value) => set({ kind: KINDS.find((each) => each === value) })}
          />
          <Select
            label="Where it holds"
            value={repo ?? ''}
            options={[['', 'anywhere'], ...Object.keys(project?.repositories ?? {})]}
            onChoose={(value) => set({ repo: value || undefined })}
          />
          <Select
            label="State"
            value={state ?? 'active'}
            options={STATES}
            onChoose={(value) => set({ state: STATES.find((each) => each === value && each !== 'active') })}
          />
        </Filters>
      </div>
      {error ? (
        <div className="p-4">
          <ProblemNote error={error} />
        </div>
      ) : known?.length === 0 ? (
        <NoProject>What is learnt at work is remembered for the project in which it was learnt.</NoProject>
      ) : !list || !project ? (
        <SkeletonRows rows={10} label="Loading the memory" />
      ) : list.length === 0 ? (
        <Nothing project={project.id} narrowed={narrowed} onAdd={adds} />
      ) : (
        <ul aria-label="Memories" className="min-h-0 flex-1 overflow-y-auto">
          {list.map((each) => (
            <Row key={each.id} memory={each} chosen={each.id === chosen} onChoose={choose} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ memory, chosen, onChoose }: { memory: Memory; chosen: boolean; onChoose: (id: number) => void }) {
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const { status, text } = stateOf(memory);
  const { by, task } = sourceOf(memory.source);
  return (
    <li className="border-b border-line">
      <button
        ref={row}
        type="button"
        aria-current={chosen || undefined}
        onClick={() => onChoose(memory.id)}
        className="flex min-h-(--row) w-full items-center gap-3 px-4 py-1 text-left hover:bg-hover aria-[current]:bg-hover"
      >
        <StatusMark status={status} label={text} />
        <span className="w-20 shrink-0 text-dense text-muted">{memory.kind}</span>
        <span className="flex min-w-0 flex-1 items-baseline gap-x-3 max-desk:flex-col">
          <span className="max-w-full min-w-0 truncate">
            {memory.pinned && (
              <span className="mr-1.5 rounded-sm border border-line-strong px-1 text-meta text-muted">pinned</span>
            )}
            {memory.text}
          </span>
        </span>
        <span className="w-36 shrink-0 truncate font-mono text-dense text-faint max-wide:hidden">{scopeOf(memory.scope)}</span>
        <span className="w-24 shrink-0 truncate text-dense text-muted max-desk:hidden">{task === null ? by : `T-${task}`}</span>
        <Age since={memory.updated_at} className="w-12 shrink-0 text-right font-mono text-dense text-faint" />
      </button>
    </li>
  );
}

function Nothing({ project, narrowed, onAdd }: { project: string; narrowed: boolean; onAdd: () => void }) {
  if (narrowed)
    return (
      <Empty
        title="No memory is like this"
        command={`team6 memory search ${project} "WORDS"`}
        action={
          <Link to="/memory" search={{ project }} className={buttonClass('plain')}>
            Show all of them
          </Link>
        }
      />
    );
  return (
    <Empty
      title="Nothing is remembered yet"
      command={`team6 memory add ${project} convention "What was learnt"`}
      action={
        <Writes>
          <Button onClick={onAdd}>Add the first one</Button>
        </Writes>
      }
    >
      Agents keep decisions, conventions and pitfalls while they work; so does a review that says something general. Later attempts are
      told what is of use to them.
    </Empty>
  );
}
