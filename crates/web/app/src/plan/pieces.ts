// What one version of a plan changes beside another, in pieces that can be taken back one by one.
import { FIELDS, type Field, type Plan, type Task, same, taskAt, withField, without } from './model';

export type Piece =
  | { id: string; kind: 'title' | 'prd'; before: string; after: string }
  | { id: string; kind: 'added'; task: Task }
  | { id: string; kind: 'removed'; task: Task; at: number }
  | { id: string; kind: 'field'; key: string; title: string; field: Field; before: Task[Field]; after: Task[Field] }
  | { id: string; kind: 'order'; before: readonly string[] };

export function piecesOf(old: Plan, now: Plan): Piece[] {
  const pieces: Piece[] = [];
  for (const kind of ['title', 'prd'] as const)
    if (old[kind] !== now[kind]) pieces.push({ id: kind, kind, before: old[kind], after: now[kind] });
  for (const task of now.tasks) {
    const before = taskAt(old, task.key);
    if (!before) pieces.push({ id: `+${task.key}`, kind: 'added', task });
    else
      for (const { field } of FIELDS)
        if (!same(before[field], task[field]))
          pieces.push({ id: `${task.key}.${field}`, kind: 'field', key: task.key, title: task.title, field, before: before[field], after: task[field] });
  }
  old.tasks.forEach((task, at) => {
    if (!taskAt(now, task.key)) pieces.push({ id: `-${task.key}`, kind: 'removed', task, at });
  });
  const common = (plan: Plan, other: Plan) => plan.tasks.map(({ key }) => key).filter((key) => taskAt(other, key));
  const before = common(old, now);
  if (!same(before, common(now, old))) pieces.push({ id: 'order', kind: 'order', before });
  return pieces;
}

/** The plan without a piece, whatever else was changed in it since. */
export function takeBack(plan: Plan, piece: Piece): Plan {
  switch (piece.kind) {
    case 'title':
    case 'prd':
      return { ...plan, [piece.kind]: piece.before };
    case 'added':
      return without(plan, piece.task.key);
    case 'removed': {
      if (taskAt(plan, piece.task.key)) return plan;
      const task = { ...piece.task, depends_on: piece.task.depends_on.filter((key) => taskAt(plan, key)) };
      return { ...plan, tasks: [...plan.tasks.slice(0, piece.at), task, ...plan.tasks.slice(piece.at)] };
    }
    case 'field': {
      const known = (value: Task[Field]) =>
        piece.field === 'depends_on' ? (value as readonly string[]).filter((key) => taskAt(plan, key)) : value;
      return withField(plan, piece.key, piece.field, known(piece.before) as never);
    }
    case 'order': {
      const places = new Map(piece.before.map((key, place) => [key, place]));
      const sorted = plan.tasks.filter(({ key }) => places.has(key)).sort((one, other) => (places.get(one.key) ?? 0) - (places.get(other.key) ?? 0));
      let next = 0;
      return { ...plan, tasks: plan.tasks.map((task) => (places.has(task.key) ? (sorted[next++] ?? task) : task)) };
    }
  }
}

/** What a version changes in one line, which is kept with it. */
export function noteOf(old: Plan, now: Plan): string {
  const pieces = piecesOf(old, now);
  const told: string[] = [];
  const named = (verb: string, titles: readonly string[]) => {
    const distinct = [...new Set(titles)];
    if (distinct.length > 0) told.push(distinct.length === 1 ? `${verb} "${distinct[0]}"` : `${verb} ${distinct.length} tasks`);
  };
  if (pieces.some(({ kind }) => kind === 'prd' || kind === 'title')) told.push('edited the PRD');
  named('added', pieces.flatMap((piece) => (piece.kind === 'added' ? [piece.task.title] : [])));
  named('removed', pieces.flatMap((piece) => (piece.kind === 'removed' ? [piece.task.title] : [])));
  named('changed', pieces.flatMap((piece) => (piece.kind === 'field' ? [piece.title] : [])));
  if (pieces.some(({ kind }) => kind === 'order')) told.push('put tasks in another order');
  return told.join(', ');
}
