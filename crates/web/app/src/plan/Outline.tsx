import type { SprintDetail } from '../api/generated/team6.schemas';
import { useQuery } from '@tanstack/react-query';
import { Button } from '../ui/Button';
import { Kbd } from '../ui/Kbd';
import { cx } from '../ui/cx';
import { agents } from '../work/queries';
import { lockOf } from './lock';
import { type Plan, taskAt } from './model';
import { OutlineLine } from './OutlineLine';
import { outlineOf } from './outline';
import type { OutlineEdits } from './useOutline';

interface Props {
  detail: SprintDetail;
  plan: Plan;
  outline: OutlineEdits;
  chosen: string | undefined;
  onChoose: (key: string | undefined) => void;
}

/** The tasks in their order, each under what it waits for. */
export function Outline({ detail, plan, outline, chosen, onChoose }: Props) {
  const lines = outlineOf(plan);
  // One line is in the order of the Tab key; j and k go through the others.
  const stop = plan.tasks.some(({ key }) => key === outline.at) ? outline.at : plan.tasks[0]?.key;
  return (
    <section aria-label="The tasks of the plan" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <ol aria-label="Outline" className="min-h-0 flex-1 overflow-y-auto">
        {lines.map(({ task, depth, also }, at) => (
          <OutlineLine
            key={task.key}
            task={task}
            number={at + 1}
            depth={depth}
            also={also.map((key) => taskAt(plan, key)?.title ?? key).join(', ')}
            lock={lockOf(detail, task.key)}
            current={task.key === chosen}
            inTabOrder={task.key === stop}
            edits={outline}
            onChoose={onChoose}
          />
        ))}
      </ol>
      <Specialties />
      <div className="flex min-h-11 shrink-0 items-center gap-3 border-t max-desk:min-h-13 border-line px-4 max-desk:px-2">
        <Button onClick={() => outline.add(outline.at)}>
          Add a task <Kbd keys="n" />
        </Button>
        <p role="status" aria-label="What came of it" className={cx('line-clamp-2 min-w-0 flex-1 text-dense', outline.told?.refused ? 'text-st-failed' : 'text-muted')}>
          {outline.told?.text}
        </p>
        <p className="shrink-0 text-meta text-faint max-wide:hidden">
          in a title: <Kbd keys="Tab" /> waits for the one above, <Kbd keys="Alt+↑↓" /> moves, <Kbd keys="Esc" /> leaves
        </p>
      </div>
    </section>
  );
}

/** The fields of work that there are agents for. */
function Specialties() {
  const { data = [] } = useQuery(agents);
  const known = [...new Set(data.flatMap(({ specialties }) => specialties))].sort();
  return (
    <datalist id="specialties">
      {known.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
