// One memory: what it says, how it is known, what came of it, and what a person may do with it.
import { Link } from '@tanstack/react-router';
import { acceptMemory, pinMemory, restoreMemory, retireMemory, unpinMemory } from '../api/generated/team6';
import type { Evidence, Memory } from '../api/generated/team6.schemas';
import { useState } from 'react';
import { Button } from '../ui/Button';
import { AsWritten } from '../ui/markdown/AsWritten';
import { Facts, LINK } from '../ui/Part';
import { StatusMark } from '../ui/StatusMark';
import { full } from '../ui/time';
import { Words } from '../wait/Words';
import { whyOf } from '../wait/unsent';
import { Writes } from '../wait/Writes';
import { EditMemory } from './EditMemory';
import { useMemoryCommand } from './useMemoryCommand';
import { scopeOf, sourceOf, stateOf } from './words';

interface Props {
  project: string;
  memory: Memory;
  repositories: readonly string[];
}

export function OneMemory({ project, memory, repositories }: Props) {
  const [now, turn] = useState<'reading' | 'editing' | 'retiring'>('reading');
  const { status, text } = stateOf(memory);
  const { uses } = memory;
  if (now === 'editing') return <EditMemory project={project} memory={memory} repositories={repositories} onClose={() => turn('reading')} />;
  return (
    <div className="flex flex-col gap-4 p-4">
      <p className="flex items-center gap-1.5">
        <StatusMark status={status} />
        <span className="first-letter:uppercase">
          {memory.kind}, {text}
          {memory.pinned && ', pinned'}
        </span>
      </p>
      <AsWritten text={memory.text} className="text-head" />
      <Facts
        facts={[
          ['Holds in', <span className="font-mono">{scopeOf(memory.scope)}</span>],
          ['Learnt', full(memory.created_at)],
          ['Changed', `${full(memory.updated_at)}${memory.edited_by ? ` by ${memory.edited_by}` : ''}`],
          ['Told', `${uses.given} times; ${uses.passed} deliveries passed, ${uses.sent_back} were sent back`],
        ]}
      />
      <Writes>
        {now === 'retiring' ? (
          <Retire project={project} memory={memory} onClose={() => turn('reading')} />
        ) : (
          <div className="flex flex-wrap gap-2">
            <Buttons project={project} memory={memory} />
            <Button onClick={() => turn('editing')}>Edit</Button>
            {(memory.state.is === 'active' || memory.state.is === 'candidate') && (
              <Button look="quiet" onClick={() => turn('retiring')}>
                Retire
              </Button>
            )}
          </div>
        )}
      </Writes>
      <section aria-label="How it is known">
        <h3 className="text-dense text-faint">How it is known</h3>
        <ul>
          {[{ at: memory.created_at, source: memory.source, text: '' }, ...memory.evidence].map((each, at) => (
            <Known key={at} evidence={each} first={at === 0} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function Buttons({ project, memory }: { project: string; memory: Memory }) {
  const { id } = memory;
  const pin = useMemoryCommand({
    memory,
    step: () => ({ run: (options) => (memory.pinned ? unpinMemory : pinMemory)(project, id, options), shown: { pinned: !memory.pinned } }),
    back: (before) => ({ run: (options) => (before.pinned ? pinMemory : unpinMemory)(project, id, options), shown: { pinned: before.pinned } }),
    done: (before) => (before.pinned ? 'Unpinned: it is told in its turn' : 'Pinned: it is told before all others'),
  });
  const accept = useMemoryCommand({
    memory,
    step: () => ({ run: (options) => acceptMemory(project, id, options), shown: { state: { is: 'active' } } }),
    done: 'Accepted: it counts from now on',
  });
  const restore = useMemoryCommand({
    memory,
    step: () => ({ run: (options) => restoreMemory(project, id, options), shown: { state: { is: 'active' } } }),
    back: () => ({ run: (options) => retireMemory(project, id, { why: '' }, options), shown: {} }),
    done: 'Restored: it counts again',
  });
  const busy = pin.isPending || accept.isPending || restore.isPending;
  switch (memory.state.is) {
    case 'candidate':
      return (
        <Button look="act" disabled={busy} onClick={() => accept.mutate()}>
          Accept
        </Button>
      );
    case 'retired':
    case 'superseded':
      return (
        <Button look="act" disabled={busy} onClick={() => restore.mutate()}>
          Restore
        </Button>
      );
    case 'active':
      return (
        <Button disabled={busy} onClick={() => pin.mutate()}>
          {memory.pinned ? 'Unpin' : 'Pin'}
        </Button>
      );
  }
}

function Retire({ project, memory, onClose }: { project: string; memory: Memory; onClose: () => void }) {
  const retire = useMemoryCommand<string>({
    memory,
    step: (why) => ({
      run: (options) => retireMemory(project, memory.id, { why }, options),
      shown: { state: { is: 'retired', by: 'you', why } },
    }),
    back: (before) => ({ run: (options) => restoreMemory(project, before.id, options), shown: { state: before.state } }),
    done: 'Retired: nobody is told it any more',
    onDone: onClose,
  });
  return (
    <Words label="Why? Agents that say it again are told." verb="Retire" look="plain" optional autoFocus rows={2} busy={retire.isPending} about={whyOf(memory.id)} onSend={retire.mutateAsync}>
      <Button look="quiet" onClick={onClose}>
        Keep it
      </Button>
    </Words>
  );
}

function Known({ evidence: { at, source, text }, first }: { evidence: Evidence; first: boolean }) {
  const { by, task, attempt } = sourceOf(source);
  return (
    <li className="border-b border-line py-1.5 last:border-b-0">
      <p className="flex flex-wrap items-baseline gap-x-2 text-dense text-muted">
        <span>
          {first ? 'Said by' : 'Shown by'} {by}
        </span>
        {task !== null && (
          <Link to="/tasks/$task" params={{ task }} search={attempt ? { attempt } : {}} className={`font-mono text-fg ${LINK}`}>
            T-{task}
          </Link>
        )}
        <span className="font-mono text-faint">{full(at)}</span>
      </p>
      {text && <AsWritten text={text} />}
    </li>
  );
}
