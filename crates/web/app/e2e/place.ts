// A real server in a folder of its own, with the scripted agent and a small project, as the stories of the command line
// have it (crates/cli/tests/harness). `npm run place` keeps one up to look at.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const TEAM6 = process.env.TEAM6_BIN ?? resolve(import.meta.dirname, '../../../../target/debug/team6');

export interface Place {
  folder: string;
  url: string;
  token: string;
  /** Runs a command of `team6` as a person would; gives what it prints. */
  team6(...args: string[]): string;
  /** Gives a signal that a script of the agent waits for. */
  signal(name: string): void;
  close(): Promise<void>;
}

/** What a place has beside its story. */
export interface Beside {
  port?: number;
  /** Profiles of further agents, by name. */
  agents?: Record<string, string>;
  /** Further sections of the configuration. */
  config?: string;
  /** Whether there is no project yet. */
  bare?: boolean;
}

/** Opens a place whose agents play a story, by its name or as a text, with the project `shop` and its repository `app`. */
export async function openPlace(story: string, { port = 0, agents = {}, config = '', bare = false }: Beside = {}): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'team6-web-'));
  const signals = join(folder, 'signals');
  mkdirSync(signals);
  chmodSync(folder, 0o755);
  chmodSync(signals, 0o755);
  writeFileSync(join(folder, 'team6.toml'), configuration(port, signals) + config);
  mkdirSync(join(folder, 'agents'));
  for (const [name, profile] of Object.entries(agents)) writeFileSync(join(folder, 'agents', `${name}.md`), profile);
  const isName = /^[\w-]+$/.test(story);
  const scenario = isName ? readFileSync(join(import.meta.dirname, 'stories', `${story}.toml`), 'utf8') : story;
  writeFileSync(join(folder, 'scenario.toml'), scenario.replaceAll('SIGNALS', signals));
  // Variables with this name configure the server.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEAM6_')));
  const server = spawn(TEAM6, ['--json', 'up', '--scenario', join(folder, 'scenario.toml')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server.stderr.on('data', (text: Buffer) => appendFileSync(join(folder, 'server.log'), text));
  const ready = await firstLine(server, folder);
  const team6 = (...args: string[]) => execFileSync(TEAM6, args, { cwd: folder, env, encoding: 'utf8' });
  const origin = makeRepository(folder);
  if (!bare) {
    team6('project', 'add', 'shop', '--title', 'The shop');
    team6('repo', 'add', 'shop', origin, '--name', 'app');
  }
  return {
    folder,
    url: ready.url,
    token: readFileSync(ready.token_file, 'utf8').trim(),
    team6,
    signal: (name) => writeFileSync(join(signals, name), ''),
    close: () =>
      new Promise((closed) => {
        server.once('exit', () => {
          rmSync(folder, { recursive: true, force: true });
          closed();
        });
        server.kill('SIGTERM');
      }),
  };
}

function configuration(port: number, signals: string) {
  return `me = "ada"
[server]
listen = "127.0.0.1:${port}"
[people.ada]
name = "Ada Lovelace"
email = "ada@example.org"
approves = true
[people.lin]
name = "Lin Chen"
email = "lin@example.org"
[agents]
planner = "scripted"
sees = ["${signals}"]
[limits]
heartbeat = "500ms"
lease = "10s"
backoff_base = "200ms"
backoff_limit = "1s"
`;
}

async function firstLine(server: ChildProcess, folder: string): Promise<{ url: string; token_file: string }> {
  if (!server.stdout) throw new Error('the server has no output');
  for await (const line of createInterface(server.stdout)) {
    server.stdout.resume();
    return JSON.parse(line) as { url: string; token_file: string };
  }
  throw new Error(`the server ended: ${readFileSync(join(folder, 'server.log'), 'utf8')}`);
}

function makeRepository(folder: string): string {
  const work = join(folder, 'work');
  const origin = join(folder, 'app.git');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { stdio: 'pipe' });
  git('init', '-q', '-b', 'main', work);
  writeFileSync(join(work, 'README.md'), '# The shop\n');
  writeFileSync(join(work, 'CODEOWNERS'), '* ada@example.org\n');
  git('-C', work, 'add', '.');
  git('-C', work, 'commit', '-q', '-m', 'Open the shop');
  git('clone', '-q', '--bare', work, origin);
  return origin;
}
