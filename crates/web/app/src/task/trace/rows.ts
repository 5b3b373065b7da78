// The rows of a trace: entries as people read them, one line each. Further pieces of a text and the states of a tool call
// belong to the row of the first one. Pure and incremental: the cost of an entry does not grow with the trace.
import type { TraceBody, TraceEntry } from '../../api/generated/team6.schemas';
import type { Filter } from '../../addresses';
import { plain } from '../../ui/markdown/plain';
import { lastWhere } from './window';

export type RowKind = TraceBody['kind'];

export interface Row {
  /** The first entry; it is the address of the row. */
  seq: number;
  kind: RowKind;
  at: number;
  /** What is done, in a word. */
  verb: string;
  /** The first line of what it says. */
  text: string;
  state: 'running' | 'ok' | 'failed' | null;
  /** When its last entry came. */
  until: number;
  entries: readonly TraceEntry[];
}

/** How much of a text stands in its row. */
const LINE = 240;

export class Rows {
  list: Row[] = [];
  /** The entries with which a turn of the agent begins. */
  turns: number[] = [];
  /** The rows of calls, by their first entries. Agents may use the id of a call again in a later turn, for another call. */
  #calls = new Map<string, number>();
  /** The calls that further entries tell of, by their numbers. */
  #states = new Map<number, string>();
  /** The turn that the first entry belongs to; turns count on from there, and back from it for entries that come before. */
  #firstTurn: number;
  /** The turn that the last entry belongs to. */
  #turn: number;
  /** The entries of the last row, which further pieces of its text join. */
  #pieces: TraceEntry[] = [];
  /** How the text of the last row begins, as far as its line may need it; none once the line is whole. */
  #beginning: string | null = null;

  constructor(firstTurn = 0) {
    this.#firstTurn = this.#turn = firstTurn;
  }

  push(entry: TraceEntry) {
    const { body } = entry;
    const last = this.list.at(-1);
    if (last && continues(last, body)) {
      this.#extend(last, entry);
      return;
    }
    if (body.kind === 'tool_call') {
      const call = `${this.#turn} ${body.id}`;
      const known = this.#calls.get(call);
      if (known !== undefined) {
        // What was known of a call before is replaced by what is known now.
        this.#states.set(entry.seq, call);
        this.#renew(known, { ...shown(body), until: entry.at, entries: [entry] });
        return;
      }
      this.#calls.set(call, entry.seq);
    }
    if (body.kind === 'prompt') {
      this.turns.push(entry.seq);
      this.#turn += 1;
    }
    this.#pieces = [entry];
    this.#beginning = open(textOf(body));
    this.list.push({ seq: entry.seq, kind: body.kind, at: entry.at, until: entry.at, entries: this.#pieces, ...shown(body) });
  }

  /** Puts earlier entries before the others: the same comes of it as if all had come in order. */
  prepend(entries: readonly TraceEntry[]) {
    const prompts = entries.filter(({ body }) => body.kind === 'prompt').length;
    const before = new Rows(this.#firstTurn - prompts);
    for (const entry of entries) before.push(entry);
    this.#firstTurn = before.#firstTurn;
    // Whoever holds the list as it was has places in it.
    this.list = [...this.list];
    for (const [call, began] of before.#calls) {
      const later = this.#calls.get(call);
      if (later !== undefined) {
        before.#renew(began, this.#takeOut(later));
        this.#states.set(later, call);
      }
      this.#calls.set(call, began);
    }
    for (const [seq, call] of before.#states) this.#states.set(seq, call);
    const seam = before.list.length;
    this.list = before.list.concat(this.list);
    this.turns = before.turns.concat(this.turns);
    this.#join(seam);
    const last = this.list.at(-1);
    if (!last || last.entries === this.#pieces) return;
    this.#pieces = [...last.entries];
    this.list[this.list.length - 1] = { ...last, entries: this.#pieces };
    this.#beginning = open(beginningOf(last));
  }

  /** Where the row of an entry is: that of its call, or else the last one that does not begin after it; -1 if all do. */
  placeOf(seq: number): number {
    const call = this.#states.get(seq);
    return lastBegunBy(this.list, (call === undefined ? undefined : this.#calls.get(call)) ?? seq);
  }

  #extend(row: Row, entry: TraceEntry) {
    // In place: a text may come in a hundred thousand pieces.
    this.#pieces.push(entry);
    let { text } = row;
    if (this.#beginning !== null) {
      const beginning = this.#beginning + textOf(entry.body);
      text = line(beginning);
      this.#beginning = open(beginning);
    }
    this.list[this.list.length - 1] = { ...row, text, until: entry.at };
  }

  #renew(seq: number, { verb, text, state, until, entries }: Omit<Row, 'seq' | 'kind' | 'at'>) {
    const at = lastBegunBy(this.list, seq);
    const row = this.list[at];
    if (row) this.list[at] = { ...row, verb, text, state, until, entries };
  }

  #takeOut(seq: number): Row {
    const at = lastBegunBy(this.list, seq);
    const [row] = this.list.splice(at, 1);
    if (!row) throw new Error(`no row begins with entry ${seq}`);
    this.#join(at);
    return row;
  }

  /** Makes one row of two that now stand beside each other, if the one goes on with the text of the other. */
  #join(at: number) {
    const [row, next] = [this.list[at - 1], this.list[at]];
    const [first] = next?.entries ?? [];
    if (!row || !next || !first || !continues(row, first.body)) return;
    const joined = { ...row, entries: [...row.entries, ...next.entries], until: next.until };
    this.list.splice(at - 1, 2, { ...joined, text: line(beginningOf(joined)) });
  }
}

/** Where the last row is that begins with an entry or before it; -1 if none does. */
export function lastBegunBy(rows: readonly Row[], seq: number): number {
  return lastWhere(rows.length, (at) => (rows[at]?.seq ?? 0) <= seq);
}

/** A text whose first line may go on; none if it cannot, or is longer than is shown. */
function open(text: string): string | null {
  const begun = text.trimStart();
  return begun.length > LINE || begun.includes('\n') || text.length > LINE * 4 ? null : text;
}

/** Whether an entry is a further piece of the text of a row. */
function continues(row: Row, body: TraceBody): boolean {
  return row.kind === body.kind && (body.kind === 'message' || body.kind === 'thought' || body.kind === 'stderr');
}

/** All that a row of text says. */
export function wholeText(row: Row): string {
  return row.entries.map(({ body }) => textOf(body)).join('');
}

/** As much of it as its line may need. */
function beginningOf(row: Row): string {
  let text = '';
  for (const { body } of row.entries) {
    if (text.length > LINE * 4) break;
    text += textOf(body);
  }
  return text;
}

function textOf(body: TraceBody): string {
  return 'text' in body && typeof body.text === 'string' ? body.text : '';
}

function shown(body: TraceBody): Pick<Row, 'verb' | 'text' | 'state'> {
  switch (body.kind) {
    case 'prompt':
      return { verb: 'asked', text: line(body.text), state: null };
    case 'message':
      return { verb: 'says', text: line(body.text), state: null };
    case 'thought':
      return { verb: 'thinks', text: line(body.text), state: null };
    case 'steps': {
      const done = body.steps.filter(({ status }) => status === 'completed').length;
      const now = body.steps.find(({ status }) => status === 'in_progress')?.text ?? '';
      return { verb: 'steps', text: line(`${done} of ${body.steps.length}${now ? `: ${now}` : ''}`), state: null };
    }
    case 'tool_call':
      return { verb: VERBS.get(body.tool) ?? line(body.tool), text: line(bare(body.title)), state: stateOf(body.status) };
    case 'permission':
      return { verb: 'may', text: line(`${body.title}: ${body.answer}`), state: null };
    case 'engine':
      return { verb: body.tool.replaceAll('_', ' '), text: line(body.answer), state: body.accepted ? 'ok' : 'failed' };
    case 'chat':
      return { verb: body.by, text: line(body.text), state: null };
    case 'usage': {
      const tokens = (body.input_tokens + body.output_tokens).toLocaleString('en');
      return { verb: 'used', text: `${tokens} tokens, $${(body.cost_micros / 1e6).toFixed(2)}`, state: null };
    }
    case 'stderr':
      return { verb: 'stderr', text: line(body.text), state: null };
    case 'note':
      return { verb: 'engine', text: line(body.text), state: body.failed ? 'failed' : null };
    case 'turn_ended':
      return { verb: 'turn', text: body.reason.replaceAll('_', ' '), state: WELL_ENDED.has(body.reason) ? null : 'failed' };
    case 'raw':
      return { verb: 'raw', text: line(JSON.stringify(body.value) ?? ''), state: null };
  }
}

/** Why a turn ends when nothing is wrong: the agent is ready, or was told to stop. */
const WELL_ENDED = new Set(['end_turn', 'cancelled']);

const VERBS = new Map([
  ['read', 'reads'],
  ['edit', 'edits'],
  ['delete', 'deletes'],
  ['move', 'moves'],
  ['search', 'searches'],
  ['execute', 'runs'],
  ['think', 'thinks'],
  ['fetch', 'fetches'],
  ['other', 'calls'],
]);

function stateOf(status: string): Row['state'] {
  if (status === 'completed') return 'ok';
  return status === 'failed' ? 'failed' : 'running';
}

/** Some agents write a command as code. */
function bare(title: string): string {
  return /^`[^`]+`$/.test(title) ? title.slice(1, -1) : title;
}

function line(text: string): string {
  const trimmed = text.slice(0, LINE * 4).trimStart();
  const end = trimmed.indexOf('\n');
  return plain((end < 0 ? trimmed : trimmed.slice(0, end)).slice(0, LINE));
}

const MESSAGES = new Set<RowKind>(['prompt', 'message', 'chat', 'engine']);

/** Whether a row is shown under a filter and a search. */
export function wanted(row: Row, filter: Filter, search: string): boolean {
  return matches(row, filter) && (search === '' || hasWords(row, search.toLowerCase()));
}

function matches(row: Row, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return row.kind !== 'usage' && !isEcho(row);
    case 'messages':
      return MESSAGES.has(row.kind);
    case 'tools':
      return row.kind === 'tool_call' || row.kind === 'engine' || row.kind === 'permission';
    case 'edits':
      return row.kind === 'tool_call' && ['edits', 'deletes', 'moves'].includes(row.verb);
    case 'errors':
      return isError(row);
  }
}

/** A call of one of the engine's own tools, which stands in the trace once more with what the engine said to it. */
function isEcho(row: Row): boolean {
  return row.kind === 'tool_call' && row.state !== 'failed' && row.text.startsWith('mcp__team6__');
}

export function isError(row: Row): boolean {
  return row.state === 'failed' || row.kind === 'stderr';
}

function hasWords(row: Row, words: string): boolean {
  return row.text.toLowerCase().includes(words) || row.verb.toLowerCase().includes(words);
}
