// Follows a stream of server-sent events for as long as it is wanted: whoever is dropped comes again, and goes on after
// the last event that it has read. EventSource is not used, since it tells neither why it failed nor when.
import { type Frame, frameReader } from './frames';

export interface Following {
  /** The address, made anew for each connection. */
  url: () => string;
  onFrame: (frame: Frame) => void;
  /** Told when a connection stands, and when it is lost. */
  onConnection: (connected: boolean) => void;
  /** Told when the server does not know this browser any more, or has no such stream; then it ends. */
  onRefused: (status: number) => void;
  /** Where to go on, if something was read before. */
  lastId?: string | null;
  signal: AbortSignal;
  fetch?: typeof fetch;
  /** Waits before the next connection; in tests it does not. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The server gives a sign of life every 15 seconds; a stream that gave none for so long is dead. */
const SILENCE = 40_000;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

export async function follow(following: Following): Promise<void> {
  const { signal, wait = pause } = following;
  let lastId = following.lastId ?? null;
  let pauseNext = FIRST_WAIT;
  while (!signal.aborted) {
    const end = await connection(following, lastId, (frame) => {
      // Even a stream that breaks at once is asked again soon as long as it brings something.
      pauseNext = FIRST_WAIT;
      if (frame.id !== null) lastId = frame.id;
      following.onFrame(frame);
    });
    if (signal.aborted || end === 'done') return;
    if (typeof end === 'number') return following.onRefused(end);
    following.onConnection(false);
    await wait(pauseNext * (0.5 + Math.random()), signal);
    pauseNext = Math.min(pauseNext * 2, LONGEST_WAIT);
  }
}

/** One connection until its end: `lost`, `done` by a frame `end`, or the status of a refusal that stays. */
async function connection(
  { url, onConnection, signal, fetch: ask = fetch }: Following,
  lastId: string | null,
  take: (frame: Frame) => void,
): Promise<'lost' | 'done' | number> {
  const own = new AbortController();
  const stop = () => own.abort();
  signal.addEventListener('abort', stop, { once: true });
  let watch: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(watch);
    watch = setTimeout(stop, SILENCE);
  };
  try {
    alive();
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastId !== null) headers['last-event-id'] = lastId;
    const response = await ask(url(), { headers, signal: own.signal, credentials: 'same-origin' });
    if ([400, 401, 403, 404].includes(response.status)) return response.status;
    if (!response.ok || !response.body) return 'lost';
    onConnection(true);
    const read = frameReader();
    const text = response.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await text.read();
      if (done) return 'lost';
      alive();
      for (const frame of read(value)) {
        if (frame.event === 'end') return 'done';
        take(frame);
      }
    }
  } catch {
    return 'lost';
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', stop);
    own.abort();
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((over) => {
    const timer = setTimeout(over, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), over()), { once: true });
  });
}
