// Memories in words.
import type { Memory, Scope, Source } from '../api/generated/team6.schemas';
import type { Status } from '../ui/status';

export const KINDS = ['decision', 'convention', 'pitfall', 'command'] as const;
export const STATES = ['active', 'candidate', 'superseded', 'retired', 'any'] as const;

export function stateOf({ state }: Memory): { status: Status; text: string } {
  switch (state.is) {
    case 'active':
      return { status: 'done', text: 'counts' };
    case 'candidate':
      return { status: 'review', text: 'waits to be accepted' };
    case 'superseded':
      return { status: 'cancelled', text: `M-${state.by} says it better` };
    case 'retired':
      return { status: 'cancelled', text: `retired by ${state.by}${state.why ? `: ${state.why}` : ''}` };
  }
}

export function scopeOf(scope: Scope): string {
  switch (scope.in) {
    case 'project':
      return 'all of the project';
    case 'repository':
      return scope.repository;
    case 'path':
      return `${scope.repository}/${scope.path}`;
  }
}

/** Where something was said: by whom, and at which task. */
export function sourceOf(source: Source): { by: string; task: number | null; attempt: string | null } {
  switch (source.from) {
    case 'agent':
      return { by: source.agent, task: source.task ?? null, attempt: source.attempt };
    case 'person':
      return { by: source.by, task: null, attempt: null };
    case 'review':
      return { by: `${source.by} in a review`, task: source.task, attempt: null };
  }
}
