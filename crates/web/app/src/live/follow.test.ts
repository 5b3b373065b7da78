// The stream as a server serves it that drops its readers: nothing is missing, and nothing comes twice.
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { follow } from './follow';

let server: Server | null = null;
afterEach(() => new Promise<void>((closed) => (server ? server.close(() => closed()) : closed())));

/** Numbers its events from 1, and breaks each connection off in the middle of its text after a few of them. */
async function dropping(events: number, drops: number, random: () => number) {
  let dropped = 0;
  let connections = 0;
  server = createServer((request, response) => {
    connections += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let next = Number(request.headers['last-event-id'] ?? 0) + 1;
    const allowed = dropped < drops ? Math.floor(random() * 8) : Infinity;
    let text = '';
    for (let sent = 0; next <= events && sent < allowed; next += 1, sent += 1) text += `id: ${next}\ndata: ${next}\n\n`;
    if (next > events) text += 'event: end\ndata: {}\n\n';
    else if (dropped < drops) {
      dropped += 1;
      text += `id: ${next}\nda`;
      response.write(text, () => request.socket.destroy());
      return;
    }
    response.end(text);
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, count: () => ({ dropped, connections }) };
}

function randomOf(seed: number) {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

it('a connection that is dropped a hundred times at random loses nothing and repeats nothing', async () => {
  const stream = await dropping(1_000, 100, randomOf(20_261_126));
  const read: number[] = [];
  await follow({
    url: () => stream.url,
    signal: new AbortController().signal,
    onFrame: ({ data }) => read.push(Number(data)),
    onConnection: () => {},
    onRefused: () => {},
    wait: async () => {},
  });
  expect(stream.count().dropped).toBe(100);
  expect(read).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
});

it('whoever is not known any more is told so, and does not come again', async () => {
  let asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(401).end();
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const refused: number[] = [];
  await follow({
    url: () => `http://127.0.0.1:${port}/`,
    signal: new AbortController().signal,
    onFrame: () => {},
    onConnection: () => {},
    onRefused: (status) => refused.push(status),
    wait: async () => {},
  });
  expect([refused, asked]).toEqual([[401], 1]);
});

it('it tells when a connection is lost and when it stands again', async () => {
  const stream = await dropping(20, 2, () => 0.5);
  const told: boolean[] = [];
  await follow({
    url: () => stream.url,
    signal: new AbortController().signal,
    onFrame: () => {},
    onConnection: (connected) => told.push(connected),
    onRefused: () => {},
    wait: async () => {},
  });
  expect(told).toEqual([true, false, true, false, true]);
});
