// Fetches what events have changed: once for many events, never twice at a time, and not at all what is known in that
// version already.
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import type { LiveEvent } from '../api/generated/team6.schemas';
import { sign } from './pulse';
import { touched } from './touched';

/** Events within this many milliseconds are answered by one fetch. */
const GATHER = 60;

interface Wanted {
  key: QueryKey;
  /** The version that must be reached; null if the events do not say. */
  version: number | null;
}

export class Renewal {
  readonly #client: QueryClient;
  readonly #wanted = new Map<string, Wanted>();
  readonly #running = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  events(events: LiveEvent[]) {
    for (const event of events) {
      const what = touched(event);
      const version = versionOf(event);
      if (what.what === 'sign-of-life') sign(what.attempt, what.at);
      if (what.what === 'project') for (const key of ['projects', 'funds']) this.#want([key], null);
      if (what.what === 'memory') for (const key of ['memories', 'memory']) this.#want([key], null);
      // What was not asked for is not fetched by this.
      if (what.what !== 'sign-of-life') this.#want(['log'], null);
      if (what.what === 'sprint') {
        this.#want(['sprint', what.sprint], version);
        this.#want(['work'], null);
        for (const key of this.#tasksOf(what.sprint)) this.#want(key, version);
        if (what.inbox) {
          this.#want(['sprints'], null);
          for (const key of ['inbox', 'queues', 'costs', 'sprint-log']) this.#want([key], null);
          this.#want(['forecast', what.sprint], null);
        }
      }
    }
  }

  /** Everything may have changed. */
  all() {
    // A first fetch goes on, as there is nothing to show without it; it may have been answered before this.
    const first = this.#client.getQueryCache().findAll({ fetchStatus: 'fetching', predicate: ({ state }) => state.data === undefined });
    void this.#client.invalidateQueries();
    for (const { promise, queryKey } of first) {
      const again = () => void this.#client.invalidateQueries({ queryKey, exact: true });
      promise?.then(again, () => undefined);
    }
  }

  /** What was asked for while the server was away, and got no answer, is asked for again. */
  missed() {
    void this.#client.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' });
  }

  #tasksOf(sprint: number): QueryKey[] {
    const tasks = this.#client.getQueryCache().findAll({ queryKey: ['task'] });
    const own = tasks.filter(({ state: { data } }) => {
      const task = (data as { task?: { sprint?: number } } | undefined)?.task;
      return task === undefined || task.sprint === sprint;
    });
    return own.map(({ queryKey }) => queryKey);
  }

  #want(key: QueryKey, version: number | null) {
    const name = JSON.stringify(key);
    const before = this.#wanted.get(name)?.version ?? null;
    this.#wanted.set(name, { key, version: before === null || version === null ? version : Math.max(before, version) });
    this.#timer ??= setTimeout(() => this.#flush(), GATHER);
  }

  #flush() {
    this.#timer = null;
    for (const [name, wanted] of this.#wanted) {
      if (this.#running.has(name)) continue;
      this.#wanted.delete(name);
      if (this.#has(wanted)) continue;
      this.#running.add(name);
      // A fetch that runs already may have been answered before this happened.
      const joined = this.#client.isFetching({ queryKey: wanted.key }) > 0;
      const fetched = this.#client.invalidateQueries({ queryKey: wanted.key }, { cancelRefetch: false });
      void fetched.finally(() => {
        this.#running.delete(name);
        if (joined && !this.#has(wanted)) this.#want(wanted.key, wanted.version);
        // What happened during the fetch may not be in it.
        if (this.#wanted.has(name)) this.#timer ??= setTimeout(() => this.#flush(), GATHER);
      });
    }
  }

  #has({ key, version }: Wanted): boolean {
    const data = this.#client.getQueryData<{ version?: number }>(key);
    return version !== null && typeof data?.version === 'number' && data.version >= version;
  }
}

function versionOf(event: LiveEvent): number | null {
  const version = (event as { version?: unknown }).version;
  return typeof version === 'number' ? version : null;
}
