// How people are told outside of the app what waits for them, and whether it gets through.
import { useQuery } from '@tanstack/react-query';
import { tryChannel } from '../api/generated/team6';
import { useCommand } from '../api/useCommand';
import { Age } from '../ui/Age';
import { Button } from '../ui/Button';
import { Part } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { StatusMark } from '../ui/StatusMark';
import { Writes } from '../wait/Writes';
import { channels } from './queries';

export function Channels() {
  const { data, error, refetch } = useQuery(channels);
  const attempt = useCommand({
    run: (name: string, options) => tryChannel(name, options).finally(() => void refetch()),
    done: (name) => `${name} took a notification for you`,
  });
  return (
    <Part title="Notifications">
      {error && <ProblemNote error={error} />}
      <ul aria-label="Channels">
        {(data ?? []).map(({ name, told_at, failure }) => (
          <li key={name} className="flex min-h-(--row) flex-wrap items-center gap-x-3 px-4">
            <StatusMark status={failure ? 'failed' : told_at == null ? 'assigned' : 'done'} />
            <span className="font-medium">{name}</span>
            <span className="min-w-0 flex-1 wrap-anywhere text-muted">
              {failure ?? (told_at == null ? 'has told nobody yet' : <>told somebody <Age since={told_at} /> ago</>)}
            </span>
            <Writes>
              <Button disabled={attempt.isPending} onClick={() => attempt.mutate(name)}>
                Try {name}
              </Button>
            </Writes>
          </li>
        ))}
      </ul>
      <p className="px-4 pt-1 pb-4 text-dense text-muted">
        People are told outside of the app what waits for them by mail and webhooks, which are set in the configuration: <code className="font-mono">[notify.mail]</code>,{' '}
        <code className="font-mono">[notify.webhooks.NAME]</code>. On the command line: <code className="font-mono">team6 notify list</code>
      </p>
    </Part>
  );
}
