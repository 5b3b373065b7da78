// The tasks as an outline that is edited by keyboard, beside the graph that they make.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, useCallback, useEffect, useRef } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { projects } from '../api/queries';
import { usePageKeys } from '../shell/keys';
import { Button } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { SkeletonRows } from '../ui/Skeleton';
import { part } from '../ui/part';
import { Writes } from '../wait/Writes';
import type { Draft } from './draft';
import { graphOf } from './asGraph';
import { Outline } from './Outline';
import { useOutline } from './useOutline';

const Graph = lazy(() => part(() => import('../sprint/graph/Graph')).then(({ Graph }) => ({ default: Graph })));

const route = getRouteApi('/shell/plan/$sprint/$step');

export function TasksStep({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const { task: chosen, add: adds } = route.useSearch();
  const navigate = route.useNavigate();
  const choose = useCallback(
    (key: string | undefined) => void navigate({ search: key === undefined ? {} : { task: key }, replace: true }),
    [navigate],
  );
  const { data: known = [] } = useQuery(projects);
  const repositories = Object.keys(known.find(({ id }) => id === detail.sprint.project)?.repositories ?? {});
  const outline = useOutline(detail, draft, repositories, chosen, choose);
  const began = useRef(false);
  useEffect(() => {
    // Somebody came here to add one.
    if (!adds || began.current) return;
    began.current = true;
    outline.add(null);
    choose(undefined);
  }, [adds, outline, choose]);
  usePageKeys({
    j: () => outline.step(1),
    k: () => outline.step(-1),
    n: () => outline.add(outline.at),
    e: () => outline.at !== null && outline.edit(outline.at),
    // Once the inspector is open, the key leads into it.
    ...(chosen === undefined ? { o: () => outline.at !== null && choose(outline.at) } : {}),
  });
  const { plan } = draft;
  if (plan.tasks.length === 0)
    return (
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Empty
          title={detail.running ? 'The plan is being drafted' : 'There are no tasks yet'}
          command={`team6 sprint edit ${detail.sprint.id}`}
          action={
            <Writes>
              <Button onClick={() => outline.add(null)}>Add a task</Button>
            </Writes>
          }
        >
          {detail.running ? 'Its tasks come here. You can begin with your own; what the agent drafts comes beside them.' : null}
        </Empty>
      </div>
    );
  const graph = graphOf(plan, detail);
  return (
    <div className="flex min-h-0 flex-1 flex-col min-[1500px]:flex-row">
      <Writes>
        <Outline detail={detail} plan={plan} outline={outline} chosen={chosen} onChoose={choose} />
      </Writes>
      <section
        aria-label="The graph of the plan"
        className="flex h-[38%] shrink-0 flex-col border-t border-line max-desk:hidden min-[1500px]:h-auto min-[1500px]:w-[44%] min-[1500px]:border-t-0 min-[1500px]:border-l"
      >
        <Suspense fallback={<SkeletonRows rows={4} label="Loading the graph" />}>
          <Graph
            detail={graph.detail}
            shown={undefined}
            chosen={chosen === undefined ? undefined : graph.ids.get(chosen)}
            onChoose={(id) => choose(id === undefined ? undefined : graph.keys.get(id))}
          />
        </Suspense>
      </section>
    </div>
  );
}
