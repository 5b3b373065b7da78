// A trace as this tab holds it, outside of React: a window of entries without gaps that grows at its end as the agent
// works, and at its beginning as somebody scrolls up. What comes twice counts once; what is missing is fetched.
import type { TraceEntry } from '../../api/generated/team6.schemas';
import { Rows } from './rows';

/** Reads entries after a number, oldest first, at most so many. */
export type Read = (after: number, limit: number) => Promise<TraceEntry[]>;

/** How many entries a trace begins with, and how many more come by scrolling up. */
export const WINDOW = 500;
const PAGE = 500;

export class TraceLog {
  readonly #read: Read;
  readonly #listeners = new Set<() => void>();
  #entries: TraceEntry[] = [];
  #rows = new Rows();
  /** Entries that came before those which stand between them and the window. */
  #ahead = new Map<number, TraceEntry>();
  #filling = false;
  #first = 1;
  #last = 0;
  #version = 0;
  /** How many rows were put before the others so far: whoever holds a place in the list moves by that. */
  prepended = 0;
  ended = false;

  constructor(read: Read) {
    this.#read = read;
  }

  get rows() {
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

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Begins with the entries after a number, and goes on until there are no more. */
  async open(after: number): Promise<void> {
    this.#first = after + 1;
    this.#last = after;
    for (;;) {
      const entries = await this.#read(this.#last, PAGE);
      this.append(entries);
      if (entries.length < PAGE) return;
    }
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

  end() {
    this.ended = true;
    this.#changed();
  }

  /** Loads what is before the window. */
  async older(): Promise<void> {
    if (this.#first <= 1) return;
    const after = Math.max(0, this.#first - 1 - PAGE);
    const entries = await this.#read(after, this.#first - 1 - after);
    const before = entries.filter(({ seq }) => seq < this.#first);
    if (before.length === 0) return;
    const had = this.#rows.list.length;
    this.#entries = [...before, ...this.#entries];
    this.#first = before[0]?.seq ?? this.#first;
    this.#rows = new Rows();
    for (const entry of this.#entries) this.#rows.push(entry);
    this.prepended += this.#rows.list.length - had;
    this.#changed();
  }

  #take(entry: TraceEntry): true {
    this.#ahead.delete(entry.seq);
    this.#entries.push(entry);
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
