import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RequestError } from '../api/problem';
import { Draft, type Kept, PAUSE, type Version, titled } from './draft';
import { type Plan, type Task, taskAt, withField } from './model';

function task(key: string): Task {
  return {
    key,
    title: key.toUpperCase(),
    what: '',
    why: '',
    acceptance_criteria: [],
    depends_on: [],
    estimate_minutes: 10,
    priority: 'normal',
    specialty: null,
    repositories: ['app'],
    paths: [],
  };
}

const PLAN: Plan = { title: 'A plan', prd: 'text', tasks: [task('a'), task('b')] };
const lin = (version: number, plan: Plan): Version => ({ version, plan, by: { author: 'person', name: 'lin' } });

/** A server that keeps one plan, and refuses what was made from an older version. */
class Server {
  versions: Version[] = [lin(1, PLAN)];
  kept: Kept | null = null;
  came: number[] = [];
  down = false;
  ports = {
    fit: (plan: Plan) => plan,
    save: async (base: number, plan: Plan) => {
      if (this.down) throw new RequestError({ code: 'offline', title: '', status: 0, detail: '' });
      if (base !== this.versions.length) throw new RequestError({ code: 'plan-moved', title: '', status: 412, detail: '' });
      this.versions.push({ version: base + 1, plan, by: { author: 'person', name: 'ada' } });
    },
    newest: async () => this.versions.at(-1) ?? null,
    came: ({ version }: Version) => void this.came.push(version),
    keep: (kept: Kept | null) => void (this.kept = structuredClone(kept)),
  };
  saves(plan: Plan) {
    this.versions.push(lin(this.versions.length + 1, plan));
  }
  get plan() {
    return this.versions.at(-1)!.plan;
  }
}

const rename = (key: string, title: string) => (plan: Plan) => withField(plan, key, 'title', title);
const title = (plan: Plan, key: string) => taskAt(plan, key)?.title;
const pause = () => vi.advanceTimersByTimeAsync(PAUSE);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('what is typed without a pause is one version', async () => {
  const server = new Server();
  const draft = new Draft(server.versions[0]!, server.ports);
  for (const letters of ['H', 'Ho', 'Hou', 'Hous', 'House']) {
    draft.edit(rename('a', letters));
    await vi.advanceTimersByTimeAsync(PAUSE / 2);
  }
  expect(server.versions).toHaveLength(1);
  expect(server.kept?.plan.tasks[0]?.title).toBe('House');
  await pause();
  expect(server.versions).toHaveLength(2);
  expect([title(server.plan, 'a'), draft.standing.is, server.kept]).toEqual(['House', 'saved', null]);
});

it('two who edit at once lose nothing', async () => {
  const server = new Server();
  const draft = new Draft(server.versions[0]!, server.ports);
  draft.edit(rename('a', 'Mine'));
  server.saves(withField(PLAN, 'b', 'title', 'Theirs'));
  await pause();
  expect(server.came).toEqual([2]);
  // Nobody waits for another pause.
  expect([title(server.plan, 'a'), title(server.plan, 'b'), server.versions.length]).toEqual(['Mine', 'Theirs', 3]);
});

it('what both changed waits for a choice, while the rest is saved', async () => {
  const server = new Server();
  const draft = new Draft(server.versions[0]!, server.ports);
  draft.edit(rename('a', 'Mine'));
  draft.edit(rename('b', 'Also mine'));
  server.saves(withField(PLAN, 'a', 'title', 'Theirs'));
  await pause();
  expect([title(server.plan, 'a'), title(server.plan, 'b'), title(draft.plan, 'a')]).toEqual(['Theirs', 'Also mine', 'Mine']);
  expect(draft.conflicts).toHaveLength(1);
  draft.resolve(draft.conflicts[0]!, 'mine');
  await pause();
  expect([title(server.plan, 'a'), draft.isDirty]).toEqual(['Mine', false]);
});

it('the own version does not come as somebody else\'s, and what was typed meanwhile stays', async () => {
  const server = new Server();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const save = async (base: number, plan: Plan) => {
    await server.ports.save(base, plan);
    await answered;
  };
  const draft = new Draft(server.versions[0]!, { ...server.ports, save });
  draft.edit(rename('a', 'First'));
  await pause();
  draft.edit(rename('a', 'Second'));
  // The stream tells of it before the answer is there.
  draft.newer(server.versions.at(-1)!);
  answer();
  await pause();
  await pause();
  expect([draft.conflicts, server.came, title(server.plan, 'a')]).toEqual([[], [], 'Second']);
});

it('a plan that cannot be is not sent, and says why', async () => {
  const server = new Server();
  const draft = new Draft(server.versions[0]!, server.ports);
  draft.edit(rename('a', ' '));
  await pause();
  expect(server.versions).toHaveLength(1);
  expect(draft.standing).toMatchObject({ is: 'unfit', problems: [{ key: 'a', text: 'task "a" has no title; give it one line' }] });
});

it('a plan without a title is called by what can be seen of its goal', () => {
  const called = (goal: string) => titled({ ...PLAN, title: ' ' }, goal).title;
  expect([called('A\t\u202etill\u202c\nfor the shop'), called('x'.repeat(200)).length]).toEqual(['A till', 120]);
});

it('what is in no title is the same here and for the server', () => {
  const rust = readFileSync(new URL('../../../../core/src/text.rs', import.meta.url), 'utf8');
  const code = rust.slice(rust.indexOf('pub fn is_hidden'), rust.indexOf('/// The text with'));
  const named = [...code.matchAll(/'\\u\{(\w+)\}'(?:\.\.='\\u\{(\w+)\}')?/g)].map(([, from = '', to = from]) => [parseInt(from, 16), parseInt(to, 16)] as const);
  expect(named.length).toBeGreaterThan(8);
  const isOut = (point: number) => point < 0x20 || (point >= 0x7f && point < 0xa0) || named.some(([from, to]) => point >= from && point <= to);
  const isLeftOut = (line: string) => titled({ ...PLAN, title: '' }, line).title !== line;
  const points = Array.from({ length: 0x10000 }, (_, point) => point);
  expect(points.filter((point) => isLeftOut(`a${String.fromCharCode(point)}b`) !== isOut(point))).toEqual([]);
});

it('a new task without a name keeps nothing else from being saved', async () => {
  const server = new Server();
  const draft = new Draft(server.versions[0]!, server.ports);
  draft.edit((plan) => ({ ...plan, tasks: [...plan.tasks, { ...task('c'), title: '' }] }));
  draft.edit(rename('a', 'Mine'));
  await pause();
  expect([title(server.plan, 'a'), taskAt(server.plan, 'c'), title(draft.plan, 'c')]).toEqual(['Mine', undefined, '']);
});

it('what was not saved is still there after a reload, and is sent again when the server is back', async () => {
  const server = new Server();
  server.down = true;
  const draft = new Draft(server.versions[0]!, server.ports);
  draft.edit(rename('a', 'Mine'));
  await pause();
  expect(draft.standing.is).toBe('refused');
  server.down = false;
  server.saves(withField(PLAN, 'b', 'title', 'Theirs'));
  const reloaded = new Draft(server.versions.at(-1)!, server.ports, server.kept);
  expect([title(reloaded.plan, 'a'), title(reloaded.plan, 'b')]).toEqual(['Mine', 'Theirs']);
  await pause();
  expect([title(server.plan, 'a'), title(server.plan, 'b')]).toEqual(['Mine', 'Theirs']);
});

it('a plan can be begun before the agent has drafted one, and both are kept', async () => {
  const server = new Server();
  server.versions = [];
  const draft = new Draft(null, server.ports);
  draft.edit((plan) => ({ ...plan, tasks: [task('mine')] }));
  draft.newer({ version: 1, plan: PLAN, by: { author: 'agent', name: 'scripted' } });
  expect(draft.plan.tasks.map(({ key }) => key).sort()).toEqual(['a', 'b', 'mine']);
  expect(draft.plan.title).toBe('A plan');
});
