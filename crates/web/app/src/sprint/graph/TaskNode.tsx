import { Handle, type Node, type NodeProps, Position, useStore } from '@xyflow/react';
import { memo, useContext } from 'react';
import type { TaskItem } from '../../api/generated/team6.schemas';
import { StatusMark } from '../../ui/StatusMark';
import { cx } from '../../ui/cx';
import { statusOf } from '../../ui/status';
import { ConflictMark } from '../ConflictMark';
import type { Merges } from '../merges';
import { Dim } from './dim';

export interface TaskNodeData extends Record<string, unknown> {
  task: TaskItem;
  critical: boolean;
  merges: Merges;
}

/** From afar a task is a cell in the colour of its status, nearer it has its number, and near all that fits. */
export const TaskNode = memo(function TaskNode({ data: { task, critical, merges }, selected }: NodeProps<Node<TaskNodeData>>) {
  const dim = useContext(Dim).has(task.id);
  const distance = useStore(({ transform: [, , zoom] }) => (zoom > 0.6 ? 'near' : zoom > 0.25 ? 'middle' : 'far'));
  const status = statusOf(task.state);
  return (
    <div
      role="button"
      tabIndex={0}
      aria-pressed={selected}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        event.currentTarget.click();
      }}
      className={cx(
        'flex size-full flex-col justify-center rounded-md border bg-surface px-2.5 text-left transition-opacity duration-100',
        selected ? 'border-fg' : critical ? 'border-line-strong' : 'border-line',
        dim && 'dim',
      )}
      style={distance === 'far' ? { background: `var(--st-${status}, var(--faint))`, opacity: dim ? 0.25 : 1 } : undefined}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      {distance === 'near' && (
        <>
          <span className="flex items-center gap-1.5">
            <StatusMark status={status} size={13} />
            <span className="truncate font-medium">{task.title}</span>
            <ConflictMark merges={merges} task={task.id} className="ml-auto" />
          </span>{' '}
          <span className="flex items-center gap-1.5 text-meta text-muted">
            {task.id > 0 && <span className="font-mono text-faint">T-{task.id}</span>} <span className="truncate">{task.state}</span>{' '}
            <span className="ml-auto truncate">{task.owner ?? 'no owner'}</span>
          </span>
        </>
      )}
      {distance !== 'near' && (
        <span className="sr-only">
          {task.title}, {task.state}
        </span>
      )}
      {distance === 'middle' && (
        <span className="flex items-center gap-2">
          <StatusMark status={status} size={26} />
          <span className="font-mono text-[24px] leading-none">{task.id > 0 ? `T-${task.id}` : 'new'}</span>
        </span>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});
