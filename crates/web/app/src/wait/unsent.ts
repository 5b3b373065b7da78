// What was written and not sent. It is there again wherever its form is shown: on another page, in another tab, after a
// reload, and when what it is about waited for nobody for a moment.
import { useSyncExternalStore } from 'react';
import type { SprintId, TaskId, Timestamp } from '../api/generated/team6.schemas';
import { keyOf, readKept, writeKept } from '../ui/kept';

// What each text is about: what is written for one wait is never there at another.
export const chatWith = (task: TaskId) => `chat ${task}`;
export const reviewOf = (task: TaskId) => `review ${task}`;
export const retryOf = (sprint: SprintId, task: TaskId | null, since: Timestamp) => `retry ${sprint} ${task ?? 'plan'} ${since}`;
export const revisionOf = (sprint: SprintId) => `revision ${sprint}`;
export const answerOf = (sprint: SprintId, question: number) => `answer ${sprint} ${question}`;
export const answerOfTask = (task: TaskId, since: Timestamp) => `answer task ${task} ${since}`;
export const whyOf = (memory: number) => `retire ${memory}`;

const NAME = 'words';
/** More than anybody has under way; what was written longest ago goes first. */
const MOST = 100;

/** By what they are about, the newest last. */
let known: Readonly<Record<string, string>> | null = null;
const listeners = new Set<() => void>();

export function read(about: string): string {
  return all()[about] ?? '';
}

export function write(about: string, text: string) {
  const { [about]: _before, ...others } = all();
  const entries = [...Object.entries(others), ...(text === '' ? [] : [[about, text] as const])].slice(-MOST);
  known = Object.fromEntries(entries);
  writeKept(NAME, entries.length === 0 ? null : known);
  tell();
}

/** Sent, or decided otherwise: nobody waits for it any more. */
export function leave(about: string) {
  if (read(about) !== '') write(about, '');
}

/** Takes the words away once they have arrived, unless something else was written meanwhile; what is refused stays. */
export function send(about: string, by: (text: string) => Promise<unknown>) {
  const text = read(about);
  const arrived = () => read(about) === text && leave(about);
  // Whoever sends says what was wrong.
  by(text.trim()).then(arrived, () => undefined);
}

export function useUnsent(about: string): string {
  return useSyncExternalStore(subscribe, () => read(about));
}

function all(): Readonly<Record<string, string>> {
  return (known ??= stored());
}

function stored(): Record<string, string> {
  const found = readKept<unknown>(NAME);
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', elsewhere);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('storage', elsewhere);
  };
}

/** Another tab wrote. */
function elsewhere({ key }: StorageEvent) {
  if (key !== keyOf(NAME)) return;
  known = null;
  tell();
}

function tell() {
  listeners.forEach((listener) => listener());
}
