// Something failed, and a person decides: the cause first, then another try with a word to the agent, or the end.
import { useQuery } from '@tanstack/react-query';
import { cancelTask, retryPlanning, retryTask } from '../api/generated/team6';
import type { Failure, SprintId, TaskId } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { LastLines } from '../task/LastLines';
import { Sure } from '../ui/Sure';
import { Words } from './Words';

interface Props {
  sprint: SprintId;
  task: TaskId | null;
  failure: Failure;
}

export function Retry({ sprint, task: id, failure }: Props) {
  const retry = useCommand({
    run: (note: string, options) =>
      id === null ? retryPlanning(sprint, { note }, options) : retryTask(id, { note }, options),
    done: 'Tried again',
  });
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="break-words whitespace-pre-wrap">{failure.text}</p>
        <p className="font-mono text-dense text-faint">{failure.kind.replaceAll('_', ' ')}</p>
      </div>
      {id !== null && <Tried task={id} />}
      <Words
        label="What should the agent know? It may be nothing."
        verb="Try again"
        busy={retry.isPending}
        optional
        onSend={retry.mutate}
      >
        {id !== null && <GiveUp task={id} />}
      </Words>
    </div>
  );
}

function Tried({ task: id }: { task: TaskId }) {
  const { data } = useQuery(task(id));
  const last = data?.attempts.at(-1);
  if (!data || !last) return null;
  return (
    <section aria-label="The last attempt">
      <p className="mb-1 text-dense text-muted">
        Attempt {data.attempts.length} by {last.agent}, the end of its trace
      </p>
      <LastLines attempt={last.id} />
    </section>
  );
}

export function GiveUp({ task }: { task: TaskId }) {
  const cancel = useCommand({ run: (_: void, options) => cancelTask(task, {}, options), done: 'Task given up' });
  return (
    <Sure
      verb="Give the task up"
      effect="Its agent stops, its pull requests are closed, and tasks that wait for it need another plan."
      busy={cancel.isPending}
      onSure={() => cancel.mutate()}
    />
  );
}
