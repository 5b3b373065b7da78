// What people wrote to the agent of a task, newest at the bottom: the last messages, or all of them when asked for.
import { useLayoutEffect, useRef, useState } from 'react';
import type { Message, TaskDetail } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { cx } from '../ui/cx';
import { plain } from '../ui/markdown/plain';
import { clock } from '../ui/time';
import { deliveryOf } from './delivery';

/** How many messages are shown unless all are asked for. */
const SHOWN = 3;
const MORE = 'underline decoration-line-strong underline-offset-4';

export function Conversation({ detail }: { detail: TaskDetail }) {
  const [all, showAll] = useState(false);
  const { messages } = detail;
  if (messages.length === 0) return null;
  return (
    <>
      {messages.length > SHOWN && (
        <Button look="quiet" aria-expanded={all} className={`mx-1.5 mt-1 ${MORE}`} onClick={() => showAll(!all)}>
          {all ? `Show the last ${SHOWN}` : `Show all ${messages.length} messages`}
        </Button>
      )}
      {/* Turned around, so that it stays at its end without being moved there. */}
      <div
        role="region"
        aria-label="Chat"
        tabIndex={0}
        className={cx(
          'flex flex-col-reverse overflow-y-auto border-b border-line has-[[aria-expanded=true]]:max-h-[40dvh]',
          all ? 'max-h-[40dvh]' : 'max-h-32',
        )}
      >
        <ol aria-label="Messages" className="px-4 py-1">
          {(all ? messages : messages.slice(-SHOWN)).map((message) => (
            <Said key={message.id} message={message} delivery={deliveryOf(message, detail)} />
          ))}
        </ol>
      </div>
    </>
  );
}

function Said({ message: { at, by, text }, delivery }: { message: Message; delivery: string }) {
  const [whole, showWhole] = useState(false);
  const [cut, setCut] = useState(false);
  const words = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => {
    const shown = words.current;
    if (!shown || whole) return;
    const look = () => setCut(shown.scrollHeight > shown.clientHeight);
    look();
    const watched = new ResizeObserver(look);
    watched.observe(shown);
    return () => watched.disconnect();
  }, [text, whole]);
  return (
    <li className="flex items-baseline gap-3 py-0.5 max-desk:flex-wrap max-desk:gap-y-0">
      <span className="shrink-0 font-mono text-meta text-faint">{clock(at)}</span>
      <span className="shrink-0 text-dense font-medium">{by}</span>
      <div className="min-w-0 flex-1 max-desk:order-last max-desk:basis-full">
        <p ref={words} className={cx('wrap-anywhere whitespace-pre-wrap', !whole && 'line-clamp-3')}>
          {plain(text)}
        </p>
        {cut && (
          <Button look="quiet" aria-expanded={whole} className={`-ml-2.5 ${MORE}`} onClick={() => showWhole(!whole)}>
            {whole ? 'Show less' : 'Show the whole message'}
          </Button>
        )}
      </div>
      <span className="shrink-0 text-dense text-muted max-desk:ml-auto">{delivery}</span>
    </li>
  );
}
