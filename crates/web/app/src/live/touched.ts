// Which of the objects that the app may hold an event of the log changes. Pure, so that every kind can be tested.
import type { LiveEvent } from '../api/generated/team6.schemas';

export type Touched =
  /** An agent is alive; nothing that is listed changes. */
  | { what: 'sign-of-life'; attempt: string; at: number }
  | { what: 'sprint'; sprint: number; task: number | null; inbox: boolean }
  | { what: 'project'; project: string }
  | { what: 'memory'; project: string }
  | { what: 'other' };

/** Signs of life are most of what happens. */
const SIGNS_OF_LIFE = new Set(['lease_renewed', 'attempt_requeued']);
/** These change how a task is described, and wait for nobody. */
const QUIET = new Set([
  'progress_reported',
  'workspace_ready',
  'session_opened',
  'messages_delivered',
  'usage_reported',
  'attempt_reserved',
  'room_reported',
]);

export function touched({ stream, kind, at, data }: LiveEvent): Touched {
  const [type = '', name = ''] = stream.split('/');
  if (type === 'project') return { what: 'project', project: name };
  if (type === 'memory') return { what: 'memory', project: name };
  const sprint = type === 'sprint' ? Number(name) : NaN;
  if (!Number.isInteger(sprint)) return { what: 'other' };
  if (SIGNS_OF_LIFE.has(kind)) {
    const attempt = number(data, 'attempt');
    const active = number(data, 'active_at') ?? at;
    return attempt === null ? { what: 'other' } : { what: 'sign-of-life', attempt: `s${sprint}-a${attempt}`, at: active };
  }
  return { what: 'sprint', sprint, task: number(data, 'task'), inbox: !QUIET.has(kind) };
}

function number(data: unknown, field: string): number | null {
  if (typeof data !== 'object' || data === null) return null;
  const value = (data as Record<string, unknown>)[field];
  return typeof value === 'number' ? value : null;
}
