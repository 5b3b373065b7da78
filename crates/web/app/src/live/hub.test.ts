// The hub between a server that is played here and tabs as ports.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Hub } from './hub';
import type { News, Wish } from './protocol';

/** A server that keeps every connection open, and tells what it is told to. */
class Streams {
  /** A trace that it does not have. */
  unknown = '';
  readonly asked: { url: string; from: string | null; say: (frame: string) => void; open: boolean }[] = [];

  fetch = (url: string, { headers, signal }: RequestInit) => {
    const stream = new TransformStream<Uint8Array, Uint8Array>();
    const writer = stream.writable.getWriter();
    const from = new Headers(headers).get('last-event-id');
    if (this.unknown && url.includes(this.unknown)) return Promise.resolve(new Response(null, { status: 404 }));
    const asked = {
      url,
      from,
      open: true,
      say: (frame: string) => void writer.write(new TextEncoder().encode(frame)).catch(() => {}),
    };
    signal?.addEventListener('abort', () => {
      asked.open = false;
      void writer.abort().catch(() => {});
    });
    this.asked.push(asked);
    return Promise.resolve(new Response(stream.readable));
  };

  get open() {
    return this.asked.filter(({ open }) => open);
  }
}

const batch = (id: string, body: object) =>
  `id: ${id}\nevent: batch\ndata: ${JSON.stringify({ position: 1, events: [], traces: [], ...body })}\n\n`;
const note = (seq: number) => ({ seq, at: 0, body: { kind: 'note', text: 'so' } });

function tab(hub: Hub) {
  const { port1, port2 } = new MessageChannel();
  const heard: News[] = [];
  port2.onmessage = ({ data }: MessageEvent<News>) => heard.push(data);
  hub.join(port1);
  opened.push(port1, port2);
  return { heard, wish: (wish: Wish) => port2.postMessage(wish), news: (kind: News['news']) => heard.filter(({ news }) => news === kind) };
}

const opened: MessagePort[] = [];
let server: Streams;
beforeEach(() => {
  server = new Streams();
  vi.stubGlobal('fetch', server.fetch);
});
afterEach(() => {
  opened.splice(0).forEach((port) => port.close());
  vi.unstubAllGlobals();
});

it('twenty tabs have one connection, and all hear what happens', async () => {
  const hub = new Hub();
  const tabs = Array.from({ length: 20 }, () => tab(hub));
  await vi.waitFor(() => expect(tabs.every(({ news }) => news('connection').length === 2)).toBe(true));
  server.open[0]?.say(batch('5', { events: [{ position: 5, kind: 'task_done' }] }));
  await vi.waitFor(() => expect(tabs.every(({ news }) => news('events').length === 1)).toBe(true));
  expect(server.asked).toHaveLength(1);
  tabs.forEach(({ wish }) => wish({ wish: 'bye' }));
  await vi.waitFor(() => expect(server.open).toHaveLength(0));
});

it('a trace that somebody wants comes with the same connection, which goes on where it was', async () => {
  const hub = new Hub();
  const [watching, other] = [tab(hub), tab(hub)];
  await vi.waitFor(() => expect(server.open).toHaveLength(1));
  server.open[0]?.say(batch('7', { events: [{ position: 7, kind: 'task_done' }] }));
  await vi.waitFor(() => expect(other.news('events')).toHaveLength(1));
  watching.wish({ wish: 'trace', attempt: 's1-a3', after: 20 });
  await vi.waitFor(() => expect(server.open.map(({ url, from }) => [url, from])).toEqual([['/api/v1/stream?topics=trace:s1-a3@20', '7']]));
  server.open[0]?.say(batch('7.1', { traces: [{ attempt: 's1-a3', entries: [note(21)], ended: true }] }));
  await vi.waitFor(() => expect(watching.heard.map(({ news }) => news).slice(-2)).toEqual(['entries', 'trace-end']));
  expect(other.news('entries')).toEqual([]);
  // Nobody was told that the connection was lost meanwhile, since nothing was.
  expect(watching.news('connection').at(-1)).toMatchObject({ connected: true });
  watching.wish({ wish: 'untrace', attempt: 's1-a3' });
  await vi.waitFor(() => expect(server.open.map(({ url }) => url)).toEqual(['/api/v1/stream']));
});

it('a tab that joins is told what happened just before', async () => {
  const hub = new Hub();
  const first = tab(hub);
  await vi.waitFor(() => expect(server.open).toHaveLength(1));
  server.open[0]?.say(batch('5', { events: [{ position: 5, kind: 'task_done' }] }));
  await vi.waitFor(() => expect(first.news('events')).toHaveLength(1));
  const late = tab(hub);
  await vi.waitFor(() => expect(late.news('events')).toHaveLength(1));
});

it('a trace that is not there takes nothing from the other tabs', async () => {
  server.unknown = 's9-a9';
  const hub = new Hub();
  const [lost, watching] = [tab(hub), tab(hub)];
  await vi.waitFor(() => expect(server.open).toHaveLength(1));
  watching.wish({ wish: 'trace', attempt: 's1-a3', after: 0 });
  await vi.waitFor(() => expect(server.open[0]?.url).toContain('s1-a3'));
  lost.wish({ wish: 'trace', attempt: 's9-a9', after: 0 });
  await vi.waitFor(() => expect(server.asked.at(-1)?.open && server.asked.length).toBe(3));
  expect(server.open.map(({ url }) => url)).toEqual(['/api/v1/stream?topics=trace:s1-a3@0']);
  expect(watching.news('reset')).toEqual([]);
});

it('a tab that slept for long is told again, and follows what it followed', async () => {
  const hub = new Hub();
  const [sleeper, other] = [tab(hub), tab(hub)];
  sleeper.wish({ wish: 'trace', attempt: 's1-a3', after: 20 });
  await vi.waitFor(() => expect(server.open.map(({ url }) => url)).toEqual(['/api/v1/stream?topics=trace:s1-a3@20']));
  const now = Date.now();
  const time = vi.spyOn(Date, 'now').mockReturnValue(now + 600_000);
  other.wish({ wish: 'alive' });
  await vi.waitFor(() => expect(server.open.map(({ url }) => url)).toEqual(['/api/v1/stream']));
  sleeper.wish({ wish: 'alive' });
  await vi.waitFor(() => expect(sleeper.news('reset')).toHaveLength(1));
  await vi.waitFor(() => expect(server.open.map(({ url }) => url)).toEqual(['/api/v1/stream?topics=trace:s1-a3@20']));
  server.open[0]?.say(batch('9', { events: [{ position: 9, kind: 'task_done' }] }));
  await vi.waitFor(() => expect(sleeper.news('events')).toHaveLength(1));
  time.mockRestore();
});
