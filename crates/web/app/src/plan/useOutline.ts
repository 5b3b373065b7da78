// What the keys and the mouse do with the outline: each edit says what it came to, and keeps the focus on its task.
import { useEffect, useMemo, useRef, useState } from 'react';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { say } from '../ui/toasts';
import type { Draft } from './draft';
import { lockOf } from './lock';
import { taskAt } from './model';
import { type Edited, add, indent, move, newKey, outdent, remove } from './outline';

/** A part of a line: the line itself, which takes single keys, or its title. */
type Part = 'row' | 'title';

export interface OutlineEdits {
  /** The task that has the focus, or had it last. */
  at: string | null;
  /** What the last edit came to. */
  told: { text: string; refused: boolean } | null;
  focus: (key: string) => void;
  edit: (key: string) => void;
  step: (by: number, part?: Part) => void;
  add: (below: string | null) => void;
  remove: (key: string) => void;
  indent: (key: string) => void;
  outdent: (key: string) => void;
  move: (key: string, by: -1 | 1) => void;
}

export function useOutline(
  detail: SprintDetail,
  draft: Draft,
  repositories: readonly string[],
  chosen: string | undefined,
  choose: (key: string | undefined) => void,
): OutlineEdits {
  const [at, setAt] = useState<string | null>(chosen ?? null);
  const [told, tell] = useState<OutlineEdits['told']>(null);
  // What is to have the focus once it is drawn.
  const next = useRef<{ key: string; part: Part } | null>(null);
  const latest = useRef({ detail, repositories, at, chosen, choose });
  latest.current = { detail, repositories, at, chosen, choose };

  useEffect(() => {
    const wanted = next.current;
    if (!wanted) return;
    const line = document.querySelector(`[data-task="${CSS.escape(wanted.key)}"]`);
    const part = line?.querySelector<HTMLElement>(`[data-part="${wanted.part}"]`);
    if (!part) return;
    next.current = null;
    part.focus();
  });

  const edits = useMemo(() => {
    const again = () => tell((now) => (now ? { ...now } : { text: '', refused: false }));
    const focus = (key: string) => {
      setAt(key);
      // The inspector goes along once it is open.
      const { chosen, choose } = latest.current;
      if (chosen !== undefined && chosen !== key) choose(key);
    };
    const turnTo = (key: string, part: Part) => {
      next.current = { key, part };
      focus(key);
      again();
    };
    const took = (key: string, edited: Edited) => {
      if ('refused' in edited) return tell({ text: edited.refused, refused: true });
      draft.edit(() => edited.plan);
      next.current = { key, part: 'title' };
      tell({ text: edited.told, refused: false });
    };
    const locked = (key: string) => {
      const why = lockOf(latest.current.detail, key)?.why ?? null;
      if (why !== null) tell({ text: why, refused: true });
      return why !== null;
    };
    const edit = (change: (key: string) => Edited) => (key: string) => {
      if (!locked(key)) took(key, change(key));
    };
    return {
      focus,
      edit: (key: string) => turnTo(key, 'title'),
      step: (by: number, part: Part = 'row') => {
        const { tasks } = draft.plan;
        const now = tasks.findIndex(({ key }) => key === latest.current.at);
        const to = tasks[now < 0 ? 0 : Math.max(0, Math.min(tasks.length - 1, now + by))];
        if (to) turnTo(to.key, part);
      },
      add: (below: string | null) => {
        const key = newKey(draft.plan);
        draft.edit((plan) => add(plan, below, key, latest.current.repositories));
        turnTo(key, 'title');
      },
      remove: (key: string) => {
        if (locked(key)) return;
        const { tasks } = draft.plan;
        const place = tasks.findIndex((task) => task.key === key);
        const beside = tasks[place - 1] ?? tasks[place + 1];
        const title = taskAt(draft.plan, key)?.title;
        const { plan, back } = remove(draft.plan, key);
        draft.edit(() => plan);
        if (latest.current.chosen === key) latest.current.choose(undefined);
        if (beside) turnTo(beside.key, 'title');
        if (title) say({ kind: 'done', title: `Removed "${title}"`, undo: () => draft.edit(back) });
      },
      indent: edit((key) => indent(draft.plan, key)),
      outdent: edit((key) => outdent(draft.plan, key)),
      // The order is the plan's, whatever has begun.
      move: (key: string, by: -1 | 1) => took(key, move(draft.plan, key, by)),
    };
  }, [draft]);
  return useMemo(() => ({ ...edits, at, told }), [edits, at, told]);
}
