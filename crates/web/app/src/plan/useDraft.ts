// The draft of a sprint's plan in this tab: one for all steps of the wizard, which outlives the page until it is saved.
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { savePlan } from '../api/generated/team6';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { me, sprint } from '../api/queries';
import { carryOut } from '../api/useCommand';
import { say } from '../ui/toasts';
import { Draft, type Kept, type Version, titled } from './draft';
import { planOf, sentOf } from './model';
import { readKept, writeKept } from '../ui/kept';

const drafts = new Map<number, Draft>();

export function useDraft(detail: SprintDetail): Draft {
  const client = useQueryClient();
  const { data: mine } = useQuery(me);
  const [draft] = useState(() => {
    const id = detail.sprint.id;
    const open = drafts.get(id) ?? begin(client, detail, mine?.person.id ?? null);
    drafts.set(id, open);
    return open;
  });
  useSyncExternalStore(draft.subscribe, () => draft.revision);
  const newest = versionOf(detail);
  useEffect(() => {
    if (newest) draft.newer(newest);
  }, [draft, newest?.version]);
  useEffect(() => {
    // Whoever turns to something else has paused.
    const away = () => document.visibilityState === 'hidden' && void draft.flush();
    document.addEventListener('visibilitychange', away);
    return () => {
      document.removeEventListener('visibilitychange', away);
      void draft.flush();
    };
  }, [draft]);
  return draft;
}

function versionOf({ plan }: SprintDetail): Version | null {
  return plan ? { version: plan.version, plan: planOf(plan.plan), by: plan.by } : null;
}

function begin(client: QueryClient, detail: SprintDetail, person: string | null): Draft {
  const { id } = detail.sprint;
  return new Draft(
    versionOf(detail),
    {
      fit: (plan) => planOf(sentOf(titled(plan, detail.goal))),
      save: async (base, plan, note) => {
        const body = { plan: sentOf(plan), note };
        await carryOut(({ headers }) => savePlan(id, body, { headers: { ...headers, 'If-Match': `"${base}"` } }));
        await client.invalidateQueries({ queryKey: ['sprint', id] });
      },
      newest: async () => versionOf(await client.fetchQuery({ ...sprint(id), staleTime: 0 })),
      came: ({ version, by }, conflicts) => {
        const name = by?.name ?? 'somebody';
        if (name === person && conflicts === 0) return;
        say({
          kind: conflicts > 0 ? 'problem' : 'done',
          title: `${name} saved version ${version}`,
          detail:
            conflicts > 0
              ? `You both changed ${conflicts === 1 ? 'the same thing' : `${conflicts} of the same things`}. Nothing is lost: choose under Conflicts.`
              : 'What changed is in what you see.',
        });
      },
      keep: (kept) => writeKept(`plan.draft.${id}`, kept),
    },
    readKept<Kept>(`plan.draft.${id}`),
  );
}
