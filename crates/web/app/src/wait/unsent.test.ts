import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => void vi.unstubAllGlobals());

/** As after a reload of the page, with what the browser keeps. */
async function opened(kept = new Map<string, string>()) {
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.resetModules();
  return { kept, ...(await import('./unsent')) };
}

it('words are there after a reload, each where it was written', async () => {
  const before = await opened();
  before.write(before.chatWith(2), 'half a');
  before.write(before.chatWith(2), 'half a thought');
  before.write(before.reviewOf(2), 'no');
  const after = await opened(before.kept);
  expect([after.read(after.chatWith(2)), after.read(after.reviewOf(2)), after.read(after.chatWith(3))]).toEqual(['half a thought', 'no', '']);
  after.leave(after.chatWith(2));
  after.leave(after.reviewOf(2));
  expect(after.kept.size).toBe(0);
});

it('what has arrived is gone, unless something else was written meanwhile, and what is refused stays', async () => {
  const { read, write, send } = await opened();
  const [arrive, refuse] = [async () => undefined, async () => Promise.reject(new Error('gone'))];
  write('a', ' sent ');
  const told: string[] = [];
  send('a', async (text) => void told.push(text));
  await vi.waitFor(() => expect(read('a')).toBe(''));
  expect(told).toEqual(['sent']);
  write('b', 'refused');
  send('b', refuse);
  write('c', 'first');
  send('c', arrive);
  write('c', 'second');
  await new Promise((over) => setTimeout(over));
  expect([read('b'), read('c')]).toEqual(['refused', 'second']);
});

it('what was written longest ago goes first, and what is no text is none', async () => {
  const { read, write } = await opened(new Map([['team6.words', '{"a":1,"b":"old"}']]));
  expect([read('a'), read('b')]).toEqual(['', 'old']);
  for (let at = 0; at < 100; at += 1) write(`chat ${at}`, 'x');
  expect([read('b'), read('chat 0'), read('chat 99')]).toEqual(['', 'x', 'x']);
});
