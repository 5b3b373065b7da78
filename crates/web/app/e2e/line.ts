// A line between browser and server that can be cut.
import { connect, createServer, type Socket } from 'node:net';

export interface Line {
  url: string;
  /** Cuts every connection that is open, and says how many there were. */
  cut(): number;
  /** Cuts it and lets nobody through any more, until it is up again. */
  down(): void;
  up(): void;
  close(): void;
}

/** Opens a line to a server. */
export async function openLine(to: string): Promise<Line> {
  const port = Number(new URL(to).port);
  const open = new Set<Socket>();
  let isDown = false;
  const server = createServer((browser) => {
    if (isDown) return void browser.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [end, other] of [
      [browser, far],
      [far, browser],
    ] as const) {
      open.add(end);
      end.pipe(other);
      // A cut line is what this is for.
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
  });
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  const cut = () => {
    const ends = [...open];
    for (const end of ends) end.destroy();
    return ends.length / 2;
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    down: () => {
      isDown = true;
      cut();
    },
    up: () => {
      isDown = false;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
