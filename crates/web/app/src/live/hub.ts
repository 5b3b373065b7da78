// One connection to the server for all tabs of a browser, which may keep only six to a host. It runs in a SharedWorker;
// where there is none, each tab has a hub of its own.
import type { AttemptId, LiveEvent, TraceEntry } from '../api/generated/team6.schemas';
import { follow } from './follow';
import { type News, TAB_GONE, type Wish } from './protocol';

/** What comes within this many milliseconds goes to the tabs together. */
const FLUSH = 80;
/** A tab that joins is told what happened in these milliseconds, so that nothing falls between its fetches and its joining. */
const RECENT = 5_000;

interface Tab {
  port: MessagePort;
  seen: number;
  traces: Set<AttemptId>;
}

export class Hub {
  readonly #tabs = new Set<Tab>();
  readonly #traces = new Map<AttemptId, AbortController>();
  #stream: AbortController | null = null;
  #connection: News = { news: 'connection', connected: false, since: Date.now() };
  #events: LiveEvent[] = [];
  #recent: { at: number; events: LiveEvent[] }[] = [];
  #entries = new Map<AttemptId, TraceEntry[]>();
  #flush: ReturnType<typeof setTimeout> | null = null;

  join(port: MessagePort) {
    const tab: Tab = { port, seen: Date.now(), traces: new Set() };
    this.#tabs.add(tab);
    port.onmessage = ({ data }: MessageEvent<Wish>) => this.#heed(tab, data);
    port.postMessage(this.#connection);
    for (const { events } of this.#stillRecent()) port.postMessage({ news: 'events', events } satisfies News);
    this.#connect();
  }

  #heed(tab: Tab, wish: Wish) {
    tab.seen = Date.now();
    switch (wish.wish) {
      case 'alive':
        return this.#forgetTheGone();
      case 'connect':
        return this.#connect();
      case 'trace':
        tab.traces.add(wish.attempt);
        return this.#follow(wish.attempt, wish.after);
      case 'untrace':
        tab.traces.delete(wish.attempt);
        return this.#endUnwanted();
      case 'bye':
        this.#tabs.delete(tab);
        return this.#endUnwanted();
    }
  }

  #connect() {
    if (this.#stream) return;
    const stream = new AbortController();
    this.#stream = stream;
    void follow({
      url: () => '/api/v1/events',
      signal: stream.signal,
      onConnection: (connected) => this.#connected(connected),
      onRefused: () => {
        this.#stream = null;
        this.#tell({ news: 'signed-out' });
      },
      onFrame: ({ event, data }) => {
        if (event === 'ready') return;
        if (event === 'reset') return this.#tell({ news: 'reset' });
        this.#events.push(JSON.parse(data) as LiveEvent);
        this.#flushSoon();
      },
    });
  }

  #connected(connected: boolean) {
    if (this.#connection.news === 'connection' && this.#connection.connected === connected) return;
    this.#connection = { news: 'connection', connected, since: Date.now() };
    this.#tell(this.#connection);
  }

  /** A tab that joins late fills what it lacks by itself: it sees by the numbers of entries that some are missing. */
  #follow(attempt: AttemptId, after: number) {
    if (this.#traces.has(attempt)) return;
    const trace = new AbortController();
    this.#traces.set(attempt, trace);
    const ended = follow({
      url: (last) => `/api/v1/attempts/${attempt}/trace/stream?after=${last ?? after}`,
      signal: trace.signal,
      onConnection: () => {},
      onRefused: () => {},
      onFrame: ({ data }) => {
        const entries = this.#entries.get(attempt) ?? [];
        entries.push(JSON.parse(data) as TraceEntry);
        this.#entries.set(attempt, entries);
        this.#flushSoon();
      },
    });
    void ended.then(() => {
      if (trace.signal.aborted) return;
      this.#flushNow();
      this.#traces.delete(attempt);
      this.#tellWatchers(attempt, { news: 'trace-end', attempt });
    });
  }

  #flushSoon() {
    this.#flush ??= setTimeout(() => this.#flushNow(), FLUSH);
  }

  #flushNow() {
    if (this.#flush) clearTimeout(this.#flush);
    this.#flush = null;
    if (this.#events.length > 0) {
      this.#tell({ news: 'events', events: this.#events });
      this.#recent = [...this.#stillRecent(), { at: Date.now(), events: this.#events }];
      this.#events = [];
    }
    for (const [attempt, entries] of this.#entries) this.#tellWatchers(attempt, { news: 'entries', attempt, entries });
    this.#entries.clear();
  }

  #stillRecent() {
    return this.#recent.filter(({ at }) => Date.now() - at < RECENT);
  }

  #tell(news: News) {
    for (const tab of this.#tabs) tab.port.postMessage(news);
  }

  #tellWatchers(attempt: AttemptId, news: News) {
    for (const tab of this.#tabs) if (tab.traces.has(attempt)) tab.port.postMessage(news);
  }

  #forgetTheGone() {
    const now = Date.now();
    for (const tab of this.#tabs) if (now - tab.seen > TAB_GONE) this.#tabs.delete(tab);
    this.#endUnwanted();
  }

  #endUnwanted() {
    for (const [attempt, trace] of this.#traces) {
      if ([...this.#tabs].some((tab) => tab.traces.has(attempt))) continue;
      trace.abort();
      this.#traces.delete(attempt);
      this.#entries.delete(attempt);
    }
    if (this.#tabs.size > 0) return;
    this.#stream?.abort();
    this.#stream = null;
    this.#connection = { news: 'connection', connected: false, since: Date.now() };
  }
}
