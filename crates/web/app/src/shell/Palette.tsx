// Everything that can be reached or done, by typing a part of its name.
import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useLayoutEffect, useState } from 'react';
import { sprint, sprints } from '../api/queries';
import { commands, type Entry } from './commands';
import { open, typedAhead } from './opened';

/** How much is listed at once; what is typed is looked for in all of it. */
const LISTED = 60;

export function Palette() {
  const client = useQueryClient();
  const navigate = useNavigate();
  useTasks();
  const close = () => open(null);
  const groups = commands(client, navigate);
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-sunken/80" />
        <Dialog.Popup
          aria-label="Search and commands"
          aria-modal
          className="fixed top-[12vh] left-1/2 z-50 flex max-h-[70vh] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 flex-col rounded-lg border border-line-strong bg-raised"
        >
          <Finder groups={groups} onClose={close} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** In how many sprints tasks are looked for, the newest first. */
const SPRINTS = 12;

/** Has the tasks of what is planned or runs at hand, whichever page one comes from. */
function useTasks() {
  const { data: known = [] } = useQuery(sprints);
  const open = known.filter(({ phase }) => phase === 'planning' || phase === 'running').slice(0, SPRINTS);
  useQueries({ queries: open.map(({ id }) => sprint(id)) });
}

/** What has the focus gets every further letter. */
const toIt = (field: HTMLElement | null) => field?.focus();

function Finder({ groups, onClose }: { groups: ReturnType<typeof commands>; onClose: () => void }) {
  const [before, setBefore] = useState(typedAhead);
  // With what was typed until the field was there; nothing can be typed between this and its focus.
  useLayoutEffect(() => setBefore(typedAhead()), []);
  return (
    <Autocomplete.Root key={before} open inline defaultValue={before} items={groups} limit={LISTED} autoHighlight="always" keepHighlight itemToStringValue={named}>
      <Autocomplete.Input
        ref={toIt}
        aria-label="Search and commands"
        placeholder="Go to, do, find a sprint or a task"
        className="h-11 shrink-0 border-b border-line bg-transparent px-4 text-head outline-none placeholder:text-faint"
      />
      <Dialog.Close className="sr-only">Close</Dialog.Close>
      <Autocomplete.Empty className="px-4 text-muted not-empty:py-6">Nothing has this name.</Autocomplete.Empty>
      <Autocomplete.List tabIndex={0} className="min-h-0 overflow-y-auto py-1 outline-none">
        {(group: { value: string; items: Entry[] }) => (
          <Autocomplete.Group key={group.value} items={group.items}>
            <Autocomplete.GroupLabel className="px-4 pt-2 pb-0.5 text-meta text-faint">
              {group.value}
            </Autocomplete.GroupLabel>
            <Autocomplete.Collection>
              {(entry: Entry) => (
                <Autocomplete.Item
                  key={entry.value}
                  value={entry}
                  onClick={() => {
                    onClose();
                    entry.run();
                  }}
                  className="flex h-8 cursor-default items-center gap-3 px-4 select-none data-highlighted:bg-hover pointer-coarse:h-11"
                >
                  <span className="min-w-0 flex-1 truncate">{entry.label}</span>
                  {entry.hint && <span className="shrink-0 font-mono text-meta text-faint">{entry.hint}</span>}
                </Autocomplete.Item>
              )}
            </Autocomplete.Collection>
          </Autocomplete.Group>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  );
}

function named(entry: Entry) {
  return `${entry.label} ${entry.hint ?? ''}`;
}
