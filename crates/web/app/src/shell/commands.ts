// What the palette offers: places, what can be set, and every sprint and task that the app knows of.
import type { QueryClient } from '@tanstack/react-query';
import type { UseNavigateResult } from '@tanstack/react-router';
import { people, sprint, sprints } from '../api/queries';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { DENSITIES, THEMES, setDensity, setTheme } from '../ui/appearance';
import { open } from './opened';
import { PLACES } from './places';

export interface Entry {
  value: string;
  label: string;
  hint?: string;
  run: () => void;
}

export interface Entries {
  value: string;
  items: Entry[];
}

export function commands(client: QueryClient, navigate: UseNavigateResult<string>): Entries[] {
  const known = client.getQueryData(sprints.queryKey) ?? [];
  const details = client
    .getQueriesData<SprintDetail>({ queryKey: ['sprint'] })
    .flatMap(([, detail]) => (detail ? [detail] : []));
  const groups: Entries[] = [
    {
      value: 'Go to',
      items: PLACES.map(({ to, name, key }) => ({
        value: `go ${name}`,
        label: name,
        hint: `g ${key}`,
        run: () => void navigate({ to }),
      })),
    },
    {
      value: 'Do',
      items: [
        { value: 'plan', label: 'Plan a sprint', run: () => void navigate({ to: '/plan/new' }) },
        { value: 'remember', label: 'Add a memory', run: () => void navigate({ to: '/memory', search: { add: true } }) },
        { value: 'project', label: 'New project', run: () => void navigate({ to: '/repos', search: { add: true } }) },
      ],
    },
    {
      value: 'Set',
      items: [
        ...THEMES.map((theme) => ({ value: `theme ${theme}`, label: `Theme: ${theme}`, run: () => setTheme(theme) })),
        ...DENSITIES.map((density) => ({
          value: `density ${density}`,
          label: `Density: ${density}`,
          run: () => setDensity(density),
        })),
        ...((client.getQueryData(people.queryKey)?.length ?? 0) > 1
          ? [{ value: 'person', label: 'Act for somebody else', run: () => open('person') }]
          : []),
        { value: 'keys', label: 'Show all keys', hint: '?', run: () => open('sheet') },
      ],
    },
    {
      value: 'Sprints',
      items: known.map(({ id, title, project }) => ({
        value: `sprint ${id}`,
        label: title,
        hint: `${project} S-${id}`,
        run: () => {
          void client.prefetchQuery(sprint(id));
          void navigate({ to: '/sprints/$sprint', params: { sprint: id } });
        },
      })),
    },
    {
      // Below what is there at once, since they come a moment later.
      value: 'Plans',
      items: details
        .filter(({ sprint: { phase } }) => phase === 'planning' || phase === 'running')
        .map(({ sprint: { id, title } }) => ({
          value: `plan ${id}`,
          label: `Plan of ${title}`,
          hint: `S-${id}`,
          run: () => void navigate({ to: '/plan/$sprint', params: { sprint: id } }),
        })),
    },
    {
      value: 'Tasks',
      items: details.flatMap(({ tasks }) =>
        tasks.map(({ task }) => ({
          value: `task ${task.id}`,
          label: task.title,
          hint: `T-${task.id} ${task.state}`,
          run: () => void navigate({ to: '/tasks/$task', params: { task: task.id } }),
        })),
      ),
    },
  ];
  return groups.filter(({ items }) => items.length > 0);
}
