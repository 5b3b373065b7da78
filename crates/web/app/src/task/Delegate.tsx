// A part of a task that its owner hands to another agent. What is made of it goes back into the task.
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { addSubtask } from '../api/generated/team6';
import type { Brief, TaskDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Area, Text } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { Writes } from '../wait/Writes';

/** How long a part is taken to be unless said, in minutes. */
const ESTIMATE = 30;

export function Delegate({ detail: { task } }: { detail: TaskDetail }) {
  const [isOpen, open] = useState(false);
  const [said, say] = useState({ title: '', what: '', criteria: '', specialty: '' });
  const change = (more: Partial<typeof said>) => say((now) => ({ ...now, ...more }));
  const delegate = useCommand({
    run: (brief: Brief, options) => addSubtask(task.id, brief, options),
    done: 'Delegated; the task goes on with what comes of it',
    onDone: () => {
      open(false);
      say({ title: '', what: '', criteria: '', specialty: '' });
    },
    quiet: true,
  });
  const send = () => {
    if (said.title.trim() === '' || delegate.isPending) return;
    delegate.mutate({
      title: said.title.trim(),
      what: said.what.trim(),
      acceptance_criteria: said.criteria.split('\n').map((line) => line.trim()).filter((line) => line !== ''),
      estimate_minutes: ESTIMATE,
      ...(said.specialty.trim() === '' ? {} : { specialty: said.specialty.trim() }),
    });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    send();
  };
  if (!isOpen)
    return (
      <Writes>
        <Button onClick={() => open(true)}>Delegate a part</Button>
      </Writes>
    );
  return (
    <Writes>
      <form aria-label="Delegate a part" onSubmit={submit} onKeyDown={press} className="flex w-full max-w-[560px] flex-col gap-3">
        <Text above autoFocus required maxLength={200} label="What it is, in a line" value={said.title} onChange={({ target }) => change({ title: target.value })} />
        <Area label="All that its agent has to know" value={said.what} onChange={({ target }) => change({ what: target.value })} />
        <Area label="Done when, a line each" rows={2} value={said.criteria} onChange={({ target }) => change({ criteria: target.value })} />
        <Text above label="Field, by which the agent is chosen; any if nothing" value={said.specialty} onChange={({ target }) => change({ specialty: target.value })} />
        {delegate.error && <ProblemNote error={delegate.error} />}
        <div className="flex gap-2">
          <Button look="act" type="submit" disabled={said.title.trim() === '' || delegate.isPending}>
            {delegate.isPending ? 'Delegating' : 'Delegate'}
          </Button>
          <Button look="quiet" onClick={() => open(false)}>
            Not now
          </Button>
        </div>
      </form>
    </Writes>
  );
}
