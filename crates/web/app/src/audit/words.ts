// Events of the log in words.
import type { LogEvent } from '../api/generated/team6.schemas';
import { shown } from '../review/names';

/** What events are about, as far as they say so in a few words. */
export function about({ at, data }: LogEvent): string {
  if (typeof data !== 'object' || data === null) return '';
  const parts: string[] = [];
  for (const [name, value] of Object.entries(data as Record<string, unknown>)) {
    if (name === 'event' || name === 'token' || value === null) continue;
    const said = typeof value === 'number' && TIMES.test(name) ? time(value, at) : short(value);
    if (said !== null) parts.push(`${name.replaceAll('_', ' ')} ${said}`);
    if (parts.length === 6) break;
  }
  return parts.join(', ');
}

/** Names of what is a time, in milliseconds. */
const TIMES = /(?:^|_)(?:at|until|before|since|began|ended)$/;

/** A time beside that of its event: with its day, if that is another. */
function time(value: number, at: number): string {
  const [then, event] = [new Date(value), new Date(at)];
  const clock = then.toLocaleTimeString('en-GB');
  return then.toDateString() === event.toDateString() ? clock : `${then.toLocaleDateString('sv')} ${clock}`;
}

function short(value: unknown): string | null {
  if (typeof value === 'string') return shown(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return null;
}

/** The sprint of an event, if it is of one. */
export function sprintOf({ stream }: LogEvent): number | null {
  const number = /^sprint\/(\d+)$/.exec(stream)?.[1];
  return number === undefined ? null : Number(number);
}

/** The task of an event, if it names one. */
export function taskOf({ data }: LogEvent): number | null {
  const of = (value: unknown): number | null =>
    typeof value === 'object' && value !== null && typeof (value as { task?: unknown }).task === 'number' ? (value as { task: number }).task : null;
  return of(data) ?? of((data as { work?: unknown } | null)?.work);
}

export function kindIn(kind: string): string {
  return kind.replaceAll('_', ' ');
}
