// Tells by a notification of the system what comes into the inbox while nobody looks at this page.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { inbox, me } from '../api/queries';
import type { InboxEntry } from '../api/generated/team6.schemas';
import { kindOf } from '../wait/kinds';
import { arrived } from './arrived';

export function Tell() {
  const navigate = useNavigate();
  const { data: mine } = useQuery(me);
  const { data: entries } = useQuery({ ...inbox(mine?.person.id ?? null), enabled: mine !== undefined });
  const before = useRef<InboxEntry[] | undefined>(undefined);
  useEffect(() => {
    if (entries === undefined) return;
    const news = arrived(before.current, entries);
    before.current = entries;
    if (!document.hidden) return;
    for (const { key, task, sprint, title, kind, why } of news) {
      const number = task == null ? `S-${sprint}` : `T-${task}`;
      // The tag has several tabs show one notification together.
      const note = new Notification(`${kindOf(kind).wanted}: ${number} ${title}`, { body: why.text, tag: key, icon: '/favicon.svg' });
      note.onclick = () => {
        window.focus();
        void navigate({ to: '/inbox', search: { item: key } });
        note.close();
      };
    }
  }, [entries, navigate]);
  return null;
}
