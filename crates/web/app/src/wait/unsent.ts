// What was written and not sent. It is there again wherever its form is shown: on another page, after a reload, and when
// what it is about waited for nobody for a moment.
import { useState } from 'react';
import type { SprintId, TaskId } from '../api/generated/team6.schemas';
import { readKept, writeKept } from '../ui/kept';

/** What is written about: each text has one place, whichever page shows its form. */
export const chatWith = (task: TaskId) => `chat.${task}`;
export const reviewOf = (task: TaskId) => `words.review.${task}`;
export const retryOf = (sprint: SprintId, task: TaskId | null) => `words.retry.${sprint}.${task ?? 'plan'}`;
export const revisionOf = (sprint: SprintId) => `words.revision.${sprint}`;
export const answerOf = (sprint: SprintId, question: number) => `words.answer.${sprint}.${question}`;
export const answerOfTask = (task: TaskId) => `words.answer.task.${task}`;

export function isUnsent(place: string): boolean {
  return read(place).trim() !== '';
}

/** Sent, or decided otherwise: nobody waits for it any more. */
export function leave(place: string) {
  writeKept(place, null);
}

function read(place: string): string {
  const text = readKept<unknown>(place);
  return typeof text === 'string' ? text : '';
}

interface Unsent {
  text: string;
  write: (text: string) => void;
  /** Empties the field once this has arrived, unless something else was written meanwhile; what is refused stays. */
  send: (by: (text: string) => Promise<unknown>) => void;
}

/** A text that is kept under a name, or as long as its form is shown if it has none. */
export function useUnsent(place?: string): Unsent {
  const [text, setText] = useState(() => (place === undefined ? '' : read(place)));
  const write = (next: string) => {
    setText(next);
    if (place !== undefined) writeKept(place, next);
  };
  const send = (by: (text: string) => Promise<unknown>) => {
    // Its form may be gone when it has arrived, and is not to wait for that.
    if (place !== undefined) leave(place);
    const arrived = () => setText((now) => (now === text ? '' : now));
    const refused = () => {
      // Whoever sends says what was wrong.
      if (place !== undefined && !isUnsent(place)) writeKept(place, text);
    };
    by(text.trim()).then(arrived, refused);
  };
  return { text, write, send };
}
