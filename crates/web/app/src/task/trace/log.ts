// A trace as this tab holds it, outside of React: a window of entries without gaps that grows at its end as the agent
// works, and at both ends as somebody scrolls. What comes twice counts once; what is missing is fetched.
import type { TraceEntry } from '../../api/generated/team6.schemas';
import { type Row, Rows } from './rows';
import { lastWhere } from './window';

/** Reads entries after a number, oldest first, at most so many. */
export type Read = (after: number, limit: number) => Promise<TraceEntry[]>;

/** How many entries a trace begins with, and how many more come by scrolling. */
const PAGE = 500;

export class TraceLog {
  readonly #read: Read;
  readonly #listeners = new Set<() => void>();
  readonly #rows = new Rows();
  /** Entries that came before those which stand between them and the window. */
  #ahead = new Map<number, TraceEntry>();
  #filling = false;
  #reaching = false;
  #first = 1;
  #last = 0;
  #total: number;
  #version = 0;
  /** Whether the window goes to the end of the trace, where new entries come. */
  reachesEnd = false;
  /** What is beyond the window could not be read. */
  stuck = false;

  constructor(read: Read, total = 0) {
    this.#read = read;
    this.#total = total;
  }

  get rows(): readonly Row[] {
    return this.#rows.list;
  }
  get version() {
    return this.#version;
  }
  get first() {
    return this.#first;
  }
  get last() {
    return this.#last;
  }
  /** How many entries there are, as far as this tab knows. */
  get total() {
    return Math.max(this.#total, this.#last);
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Begins around an entry, or else with the last ones. */
  async open(near: number | null): Promise<void> {
    this.#last = Math.max(0, near === null ? this.#total - PAGE : near - 1 - PAGE / 2);
    this.#first = this.#last + 1;
    do await this.#readOn();
    while (near === null && !this.reachesEnd);
  }

  /** Where the row of an entry is in the list; -1 unless the window holds it. */
  placeOf(seq: number): number {
    return seq < this.#first || seq > this.#last ? -1 : this.#rows.placeOf(seq);
  }

  /** How many turns of the agent have begun in the window up to an entry. */
  turnOf(seq: number): number {
    const { turns } = this.#rows;
    return lastWhere(turns.length, (at) => (turns[at] ?? 0) <= seq) + 1;
  }

  /** Takes entries as they come: late, twice, or with some missing before them. */
  append(entries: readonly TraceEntry[]) {
    let grown = false;
    for (const entry of entries) {
      if (entry.seq <= this.#last) continue;
      if (entry.seq === this.#last + 1) grown = this.#take(entry);
      else this.#ahead.set(entry.seq, entry);
    }
    for (let next = this.#ahead.get(this.#last + 1); next; next = this.#ahead.get(this.#last + 1)) grown = this.#take(next);
    if (grown) this.#changed();
    if (this.#ahead.size > 0) void this.#fill();
  }

  /** Looks for entries that came while nobody told. */
  async catchUp(): Promise<void> {
    const entries = await this.#read(this.#last, PAGE);
    this.append(entries);
    if (entries.length === PAGE) await this.catchUp();
  }

  /** Loads what is before the window. */
  older(): Promise<void> {
    return this.#reach(this.#first > 1, async () => {
      const after = Math.max(0, this.#first - 1 - PAGE);
      const before = (await this.#read(after, this.#first - 1 - after)).filter(({ seq }) => seq < this.#first);
      this.#rows.prepend(before);
      // Where nothing comes any more, the trace begins.
      this.#first = before[0]?.seq ?? 1;
    });
  }

  /** Loads what is after the window. */
  newer(): Promise<void> {
    return this.#reach(!this.reachesEnd, () => this.#readOn());
  }

  /** After it got stuck. */
  retry() {
    this.stuck = false;
    this.#changed();
  }

  async #readOn() {
    const entries = await this.#read(this.#last, PAGE);
    this.reachesEnd = entries.length < PAGE;
    this.append(entries);
  }

  async #reach(isMore: boolean, read: () => Promise<void>) {
    if (!isMore || this.#reaching) return;
    this.#reaching = true;
    try {
      await read();
    } catch {
      this.stuck = true;
    } finally {
      this.#reaching = false;
      this.#changed();
    }
  }

  #take(entry: TraceEntry): true {
    this.#ahead.delete(entry.seq);
    this.#rows.push(entry);
    this.#last = entry.seq;
    return true;
  }

  async #fill() {
    if (this.#filling) return;
    this.#filling = true;
    try {
      await this.catchUp();
    } catch {
      // The next entry asks again.
    } finally {
      this.#filling = false;
    }
  }

  #changed() {
    this.#version += 1;
    this.#listeners.forEach((listener) => listener());
  }
}
