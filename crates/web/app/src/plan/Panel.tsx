// What stands beside the plan: a task, what others changed, or the versions. Which one is in the address.
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { Inspector } from '../shell/Inspector';
import { Writes } from '../wait/Writes';
import { Conflicts } from './Conflicts';
import type { Draft } from './draft';
import { taskAt } from './model';
import { Revise } from './Revise';
import { Revision } from './Revision';
import { lockOf } from './lock';
import { TaskForm } from './TaskForm';
import { Versions } from './Versions';

const route = getRouteApi('/shell/plan/$sprint/$step');

export function Panel({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const { step } = route.useParams();
  const { task: key, panel, version } = route.useSearch();
  const navigate = route.useNavigate();
  const close = () => void navigate({ search: {}, replace: true });
  if (step !== 'prd' && step !== 'tasks') return null;
  const shown = (label: string, children: ReactNode) => (
    <Inspector label={label} title={<h2 className="truncate font-semibold">{label}</h2>} onClose={close}>
      {children}
    </Inspector>
  );
  const writes = (children: ReactNode) => <Writes>{children}</Writes>;
  switch (panel) {
    case 'conflicts':
      return shown('Conflicts', writes(<Conflicts draft={draft} />));
    case 'revision':
      return shown('Revision', writes(<Revision detail={detail} draft={draft} />));
    case 'revise':
      return shown('Ask for a revision', writes(<Revise detail={detail} draft={draft} />));
    case 'versions':
      return shown('Versions', <Versions detail={detail} draft={draft} version={version} />);
  }
  const task = step === 'tasks' && key !== undefined ? taskAt(draft.plan, key) : undefined;
  if (!task) return null;
  return shown(task.title || 'New task', <TaskForm key={task.key} detail={detail} draft={draft} task={task} lock={lockOf(detail, task.key)} />);
}
