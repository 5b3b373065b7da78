// Something failed, and a person decides: the cause first, then another try with a word to the agent, or the end.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { cancelTask, retryPlanning, retryTask } from '../api/generated/team6';
import type { Failure, SprintId, TaskId, Timestamp } from '../api/generated/team6.schemas';
import { sprint, task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Tried } from '../task/Tried';
import { AsWritten } from '../ui/markdown/AsWritten';
import { buttonClass } from '../ui/Button';
import { Sure } from '../ui/Sure';
import { Words } from './Words';
import { retryOf } from './unsent';

interface Props {
  sprint: SprintId;
  task: TaskId | null;
  failure: Failure;
  /** Since when it waits. */
  since: Timestamp;
  /** When the engine tries again by itself, if it does. */
  next: number | null;
}

export function Retry({ sprint: sprintId, task: id, failure, since, next }: Props) {
  const retry = useCommand({
    run: (note: string, options) =>
      id === null ? retryPlanning(sprintId, { note }, options) : retryTask(id, { note }, options),
    done: 'Tried again',
  });
  return (
    <div className="flex flex-col gap-4">
      <div>
        <AsWritten text={failure.text} />
        <p className="font-mono text-dense text-faint">{failure.kind.replaceAll('_', ' ')}</p>
      </div>
      <LastTry sprint={sprintId} task={id} next={next} />
      <Words
        label="What should the agent know? It may be nothing."
        verb="Try again"
        busy={retry.isPending}
        optional
        about={retryOf(sprintId, id, since)}
        onSend={retry.mutateAsync}
      >
        {id !== null && (
          <>
            <Link to="/tasks/$task" params={{ task: id }} search={{ tab: 'plan' }} className={buttonClass('quiet')}>
              Another agent
            </Link>
            <GiveUp task={id} />
          </>
        )}
      </Words>
    </div>
  );
}

interface PassingProps extends Omit<Props, 'failure' | 'since'> {
  failure: string;
}

/** What failed and is tried again after a wait, without anybody. */
export function Passing({ failure, ...where }: PassingProps) {
  return (
    <div className="flex flex-col gap-4">
      <AsWritten text={failure} />
      <LastTry {...where} />
    </div>
  );
}

function LastTry({ sprint: sprintId, task: id, next }: Omit<Props, 'failure' | 'since'>) {
  const { data: ofTask } = useQuery({ ...task(id ?? 0), enabled: id !== null });
  const { data: ofSprint } = useQuery({ ...sprint(sprintId), enabled: id === null });
  const attempts = (id === null ? ofSprint : ofTask)?.attempts;
  return attempts && <Tried attempts={attempts} next={next} />;
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
