// One connection to the server for all tabs of a browser, which may keep only six to a host. It runs in a SharedWorker;
// where there is none, each tab has a hub of its own.
import type { AttemptId, Batch, LiveEvent } from '../api/generated/team6.schemas';
import { follow } from './follow';
import { type News, TAB_GONE, type Wish } from './protocol';

/** A tab that joins is told what happened in these milliseconds, so that nothing falls between its fetches and its joining. */
const RECENT = 5_000;
/** Tabs that want other traces within these milliseconds are answered by one new connection. */
const GATHER = 20;
/** How many traces the server lets one connection follow. */
const MOST = 50;

interface Tab {
  port: MessagePort;
  seen: number;
  /** The traces that it follows, each after the entry from which it wanted it. */
  traces: Map<AttemptId, number>;
}

export class Hub {
  readonly #tabs = new Set<Tab>();
  /** The traces that are followed, each after the entry from which it was wanted first. */
  readonly #traces = new Map<AttemptId, number>();
  /** Those among them that the server knows. */
  #known = new Set<AttemptId>();
  #stream: AbortController | null = null;
  /** The place in log and traces up to which everything was read. */
  #cursor: string | null = null;
  #connection: News = { news: 'connection', connected: false, since: Date.now() };
  #recent: { at: number; events: LiveEvent[] }[] = [];
  /** The last connection was refused, which tabs know. */
  #isRefused = false;
  #again: ReturnType<typeof setTimeout> | null = null;

  join(port: MessagePort) {
    const tab: Tab = { port, seen: Date.now(), traces: new Map() };
    this.#tabs.add(tab);
    port.onmessage = ({ data }: MessageEvent<Wish>) => this.#heed(tab, data);
    port.postMessage(this.#connection);
    for (const { events } of this.#stillRecent()) port.postMessage({ news: 'events', events } satisfies News);
    if (!this.#stream) this.#connect();
  }

  #heed(tab: Tab, wish: Wish) {
    tab.seen = Date.now();
    if (wish.wish !== 'bye' && !this.#tabs.has(tab)) this.#takeBack(tab);
    switch (wish.wish) {
      case 'alive':
        return this.#forgetTheGone();
      case 'connect':
        return this.#stream ? undefined : this.#connect();
      case 'trace':
        tab.traces.set(wish.attempt, wish.after);
        return this.#want(wish.attempt, wish.after);
      case 'untrace':
        tab.traces.delete(wish.attempt);
        return this.#endUnwanted();
      case 'bye':
        this.#tabs.delete(tab);
        return this.#endUnwanted();
    }
  }

  /** A tab that slept was taken for gone: what happened meanwhile was not told to it. */
  #takeBack(tab: Tab) {
    this.#tabs.add(tab);
    for (const [attempt, after] of tab.traces) this.#want(attempt, after);
    if (!this.#stream) this.#connect();
    tab.port.postMessage(this.#connection);
    tab.port.postMessage({ news: 'reset' } satisfies News);
  }

  #want(attempt: AttemptId, after: number) {
    // A tab that joins late sees by the numbers of the entries that some are missing, and reads them by itself.
    if (this.#traces.has(attempt)) return;
    this.#traces.set(attempt, after);
    this.#connectAgain();
  }

  /** Goes on from the same place with other traces. */
  #connectAgain(wait = GATHER) {
    this.#again ??= setTimeout(() => {
      this.#again = null;
      if (this.#tabs.size > 0) this.#connect();
    }, wait);
  }

  #connect() {
    this.#stream?.abort();
    const stream = new AbortController();
    this.#stream = stream;
    const wanted = [...this.#traces].slice(-MOST);
    const traces = wanted.map(([attempt, after]) => `trace:${attempt}@${after}`);
    void follow({
      url: () => `/api/v1/stream${traces.length > 0 ? `?topics=${traces.join(',')}` : ''}`,
      lastId: this.#cursor,
      signal: stream.signal,
      onConnection: (connected) => {
        if (connected) this.#known = new Set(wanted.map(([attempt]) => attempt));
        if (connected) this.#isRefused = false;
        this.#connected(connected);
      },
      onRefused: (status) => {
        this.#stream = null;
        if (status === 404 && this.#dropUnknown()) return this.#connectAgain();
        // A place that the server does not understand is forgotten.
        this.#cursor = null;
        if (status === 401) this.#tell({ news: 'signed-out' });
        else if (!this.#isRefused) this.#tell({ news: 'reset' });
        this.#isRefused = true;
        if (status !== 401) this.#connectAgain(5_000);
      },
      onFrame: ({ id, event, data }) => {
        this.#cursor = id ?? this.#cursor;
        if (event === 'reset') this.#tell({ news: 'reset' });
        if (event === 'batch') this.#heard(JSON.parse(data) as Batch);
      },
    });
  }

  #heard({ events, traces }: Batch) {
    if (events.length > 0) {
      this.#tell({ news: 'events', events });
      this.#recent = [...this.#stillRecent(), { at: Date.now(), events }];
    }
    for (const { attempt, entries, ended } of traces) {
      if (entries.length > 0) this.#tellWatchers(attempt, { news: 'entries', attempt, entries });
      if (ended) this.#tellWatchers(attempt, { news: 'trace-end', attempt });
    }
  }

  #connected(connected: boolean) {
    if (this.#connection.news === 'connection' && this.#connection.connected === connected) return;
    this.#connection = { news: 'connection', connected, since: Date.now() };
    this.#tell(this.#connection);
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

  /** A trace that is not there keeps nobody from the others; whether there was such a one. */
  #dropUnknown(): boolean {
    const unknown = [...this.#traces.keys()].filter((attempt) => !this.#known.has(attempt));
    for (const attempt of unknown) this.#traces.delete(attempt);
    return unknown.length > 0;
  }

  #endUnwanted() {
    const unwanted = [...this.#traces.keys()].filter((attempt) => ![...this.#tabs].some((tab) => tab.traces.has(attempt)));
    for (const attempt of unwanted) this.#traces.delete(attempt);
    if (this.#tabs.size === 0) {
      this.#stream?.abort();
      this.#stream = null;
      this.#connection = { news: 'connection', connected: false, since: Date.now() };
    } else if (unwanted.length > 0) this.#connectAgain();
  }
}
