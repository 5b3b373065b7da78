import { pauseTask, resumeTask } from '../api/generated/team6';
import type { TaskDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { isEnded } from '../ui/status';
import { GiveUp } from '../wait/Retry';
import { Writes } from '../wait/Writes';

/** What waits with a way to give the task up right there. */
const OFFERS_END = new Set(['failed', 'held', 'dependency_cancelled', 'budget']);

export function TaskActions({ detail }: { detail: TaskDetail }) {
  const { id, state, why } = detail.task;
  const resume = useCommand({ run: (_: void, options) => resumeTask(id, {}, options), done: 'Going on' });
  const pause = useCommand({
    run: (_: void, options) => pauseTask(id, {}, options),
    done: 'Paused; what its agent did is kept',
    undo: () => resume.mutate(),
  });
  if (isEnded(state)) return null;
  return (
    <Writes>
      {detail.pause ? (
        <Button look="act" disabled={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      ) : (
        <Button disabled={pause.isPending} onClick={() => pause.mutate()}>
          Pause
        </Button>
      )}
      {/* There it stands with the other ways out. */}
      {!OFFERS_END.has(why?.reason.reason ?? '') && <GiveUp task={id} />}
    </Writes>
  );
}
