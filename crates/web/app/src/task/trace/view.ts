// Which rows of a trace are shown, as places in its list. It grows with the trace: only what is new, and the last rows,
// which may still change, are looked at again.
import type { Filter } from '../../addresses';
import { type Row, wanted } from './rows';
import { lastWhere } from './window';

/** How many of the last rows may still change: an agent has few calls under way at once. */
const UNSETTLED = 200;

export class View {
  /** Another list once rows come before the others, or others are shown. */
  places: number[] = [];
  #rows: readonly Row[] = [];
  #filter: Filter = 'all';
  #search = '';
  #seen = 0;

  /** Brings it up to the list as it is now. */
  update(rows: readonly Row[], filter: Filter, search: string): this {
    if (filter !== this.#filter || search !== this.#search) [this.places, this.#seen] = [[], 0];
    else if (rows !== this.#rows) this.#move(rows);
    [this.#rows, this.#filter, this.#search] = [rows, filter, search];
    const from = Math.max(0, this.#seen - UNSETTLED);
    while ((this.places.at(-1) ?? -1) >= from) this.places.pop();
    this.#look(this.places, from, rows.length);
    this.#seen = rows.length;
    return this;
  }

  /** Where the row of a place in the list is shown, or else the last one before it; -1 if there is none. */
  at(place: number): number {
    return lastWhere(this.places.length, (at) => (this.places[at] ?? 0) <= place);
  }

  /** Takes over what it knows of the rows that are still there, and looks at those before them. */
  #move(rows: readonly Row[]) {
    const by = rows.length - this.#rows.length;
    let from = rows.length;
    while (from > 0 && from > by && rows[from - 1] === this.#rows[from - 1 - by]) from -= 1;
    const still = this.places.slice(this.at(from - by - 1) + 1);
    const before: number[] = [];
    this.#rows = rows;
    this.#look(before, 0, from);
    this.places = before.concat(still.map((at) => at + by));
    this.#seen = Math.max(0, this.#seen + by);
  }

  #look(places: number[], from: number, to: number) {
    for (let at = from; at < to; at += 1) {
      const row = this.#rows[at];
      if (row && wanted(row, this.#filter, this.#search)) places.push(at);
    }
  }
}
