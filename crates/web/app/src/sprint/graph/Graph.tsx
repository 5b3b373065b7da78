// The tasks of a sprint as a graph. It opens where the work is, not at all of it, since two hundred tasks at once are
// specks; from afar only what tells statuses apart is drawn.
import { Controls, MiniMap, ReactFlow, ReactFlowProvider, type Edge, type Node, useReactFlow } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import './graph.css';
import { type KeyboardEvent, type SyntheticEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { SprintDetail, SprintTask, TaskId } from '../../api/generated/team6.schemas';
import { type Group, groupOf, statusOf } from '../../ui/status';
import { type Merges, NO_MERGES, clashText } from '../merges';
import { Conflict } from './Conflict';
import { Dependency } from './Dependency';
import { Dim } from './dim';
import { TaskNode, type TaskNodeData } from './TaskNode';
import { NODE, type Place, frontier, layout, neighbour, related } from './layout';

interface Props {
  detail: Pick<SprintDetail, 'tasks' | 'critical_path'>;
  shown: Group | undefined;
  /** The only tasks that are looked at; all of them, if this is not given. */
  lit?: ReadonlySet<TaskId> | undefined;
  merges?: Merges;
  chosen: TaskId | undefined;
  onChoose: (task: TaskId | undefined) => void;
}

/** The zoom from which on titles can be read well. */
const READABLE = 0.8;
/** The least zoom at which all tasks are shown rather than some of them larger. */
const WHOLE = 0.68;
/** What is left free around the tasks, as a part of the frame. */
const PADDING = 0.05;

/** Whether all tasks can be shown at once and read. */
function fits(placed: Map<TaskId, Place>, frame: HTMLElement | null): boolean {
  if (!frame) return false;
  const places = [...placed.values()];
  const width = Math.max(...places.map(({ x }) => x)) + NODE.width;
  const height = Math.max(...places.map(({ y }) => y)) + NODE.height;
  const free = 1 - 2 * PADDING;
  return width * WHOLE < frame.clientWidth * free && height * WHOLE < frame.clientHeight * free;
}

const NODE_TYPES = { task: TaskNode };
const EDGE_TYPES = { dependency: Dependency, conflict: Conflict };
const LABELS = { 'minimap.ariaLabel': 'All tasks from afar' };

function nodesOf(
  tasks: readonly SprintTask[],
  critical: readonly TaskId[],
  placed: ReadonlyMap<TaskId, Place>,
  merges: Merges,
  chosen: TaskId | undefined,
): Node<TaskNodeData>[] {
  const longest = new Set(critical);
  return tasks.map(({ task }) => ({
    id: String(task.id),
    type: 'task',
    position: placed.get(task.id) ?? { x: 0, y: 0 },
    width: NODE.width,
    height: NODE.height,
    selected: task.id === chosen,
    data: { task, critical: longest.has(task.id), merges },
  }));
}

function edgesOf(tasks: readonly SprintTask[], critical: readonly TaskId[], merges: Merges): Edge[] {
  const next = new Map(critical.map((id, at) => [id, critical[at + 1]]));
  const conflicts = merges.clashes.map((clash) => ({
    id: `conflict-${clash.one}-${clash.other}`,
    type: 'conflict',
    source: String(clash.one),
    target: String(clash.other),
    focusable: false,
    ariaLabel: `T-${clash.one} conflicts with T-${clash.other}`,
    data: { text: clashText(clash) },
  }));
  const dependencies = tasks.flatMap(({ task, depends_on }) =>
    depends_on.map((from) => ({
      id: `${from}-${task.id}`,
      type: 'dependency',
      source: String(from),
      target: String(task.id),
      focusable: false,
      className: next.get(from) === task.id ? 'critical' : undefined,
    })),
  );
  return [...dependencies, ...conflicts];
}

/**
 * The tasks that are not looked at: what has nothing to do with the focus, and without one what is not among those that
 * are looked at; and what is not in the group that is shown.
 */
function dimmed(
  tasks: readonly SprintTask[],
  focus: TaskId | null,
  shown: Group | undefined,
  lookedAt: ReadonlySet<TaskId> | undefined,
): ReadonlySet<TaskId> {
  const lit = focus === null ? lookedAt : related(tasks, focus);
  const isDim = ({ task }: SprintTask) =>
    (lit !== undefined && !lit.has(task.id)) || (shown !== undefined && groupOf(task.state) !== shown);
  return new Set(tasks.filter(isDim).map(({ task }) => task.id));
}

const colourOf = (node: Node) => `var(--st-${statusOf((node as Node<TaskNodeData>).data.task.state)}, var(--faint))`;

export function Graph(props: Props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ detail, shown, lit, merges = NO_MERGES, chosen, onChoose }: Props) {
  const { tasks, critical_path: critical } = detail;
  const [pointed, point] = useState<TaskId | null>(null);
  const flow = useReactFlow();
  // Places change with the plan only, and not with each state of a task.
  const shape = tasks.map(({ task, level, depends_on }) => `${task.id}:${level}:${depends_on.join(',')}`).join(' ');
  const placed = useMemo(() => layout(tasks), [shape]);
  const focus = pointed ?? chosen ?? null;
  const dim = useMemo(() => dimmed(tasks, focus, shown, lit), [tasks, focus, shown, lit]);
  const nodes = useMemo(() => nodesOf(tasks, critical, placed, merges, chosen), [tasks, critical, placed, merges, chosen]);
  const edges = useMemo(() => edgesOf(tasks, critical, merges), [shape, critical, merges]);

  const frame = useRef<HTMLDivElement>(null);
  const opened = useRef(false);
  const moved = useRef(false);
  const open = useRef(() => {});
  useEffect(() => {
    open.current = () => {
      const whole = fits(placed, frame.current);
      const ids = whole ? [...placed.keys()] : chosen === undefined ? frontier(tasks) : [chosen];
      void flow.fitView({ nodes: ids.map((id) => ({ id: String(id) })), minZoom: whole ? WHOLE : READABLE, maxZoom: 1, padding: PADDING });
    };
    if (opened.current || tasks.length === 0) return;
    opened.current = true;
    // Two frames: React Flow measures itself in the first.
    requestAnimationFrame(() => requestAnimationFrame(() => open.current()));
  });
  const isChosen = chosen !== undefined;
  useEffect(() => {
    // What somebody moved stays where it is, and so does what they press.
    if (isChosen || !frame.current) return;
    let width = frame.current.clientWidth;
    const watched = new ResizeObserver(() => {
      const now = frame.current?.clientWidth ?? width;
      if (now !== width && !moved.current) requestAnimationFrame(() => open.current());
      width = now;
    });
    watched.observe(frame.current);
    return () => watched.disconnect();
  }, [isChosen]);

  const movesBy = ({ target }: SyntheticEvent) => {
    moved.current ||= target instanceof Element && target.closest('.react-flow__minimap, .react-flow__controls') !== null;
  };
  const press = (event: KeyboardEvent) => {
    if (chosen === undefined || !event.key.startsWith('Arrow')) return;
    event.preventDefault();
    event.stopPropagation();
    const next = neighbour(tasks, placed, chosen, event.key);
    if (next === null) return;
    onChoose(next);
    const place = placed.get(next);
    if (place)
      void flow.setCenter(place.x + NODE.width / 2, place.y + NODE.height / 2, { zoom: flow.getZoom(), duration: 120 });
  };

  return (
    <div
      ref={frame}
      className="min-h-0 flex-1"
      onKeyDownCapture={press}
      // These move it by the program, as a fit does.
      onPointerDownCapture={movesBy}
      onWheelCapture={movesBy}
      data-view="graph"
    >
      <Dim value={dim}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          minZoom={0.08}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          onlyRenderVisibleElements
          disableKeyboardA11y
          onNodeClick={(_event, node) => onChoose(Number(node.id))}
          // What passes under the pointer while somebody moves the graph is not pointed at.
          onNodeMouseEnter={(event, node) => event.buttons === 0 && point(Number(node.id))}
          onNodeMouseLeave={() => point(null)}
          onMoveStart={(event) => (moved.current ||= event !== null)}
          onPaneClick={() => onChoose(undefined)}
          ariaLabelConfig={LABELS}
        >
          {tasks.length > 12 && (
            <MiniMap
              pannable
              zoomable
              nodeColor={colourOf}
              className="max-desk:hidden"
            />
          )}
          <Controls showInteractive={false} />
        </ReactFlow>
      </Dim>
    </div>
  );
}
