// Which rows of a trace are shown, as places in its list. It grows with the trace: only what is new, and the last rows,
// which may still change, are looked at again.
import { type Filter, type Row, wanted } from './rows';

/** How many of the last rows may still change: an agent has few calls under way at once. */
const UNSETTLED = 200;

export class View {
  readonly places: number[] = [];
  #filter: Filter = 'all';
  #search = '';
  #prepended = 0;
  #seen = 0;

  /** Brings it up to the list as it is now. */
  update(rows: readonly Row[], prepended: number, filter: Filter, search: string): this {
    const anew = filter !== this.#filter || search !== this.#search || prepended !== this.#prepended;
    const from = anew ? 0 : Math.max(0, this.#seen - UNSETTLED);
    while ((this.places.at(-1) ?? -1) >= from) this.places.pop();
    for (let at = from; at < rows.length; at += 1) {
      const row = rows[at];
      if (row && wanted(row, filter, search)) this.places.push(at);
    }
    this.#filter = filter;
    this.#search = search;
    this.#prepended = prepended;
    this.#seen = rows.length;
    return this;
  }

  /** Where in the view an entry is; -1 if it is not shown. */
  find(rows: readonly Row[], holds: (row: Row) => boolean): number {
    return this.places.findIndex((at) => {
      const row = rows[at];
      return row !== undefined && holds(row);
    });
  }
}
