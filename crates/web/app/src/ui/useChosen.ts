// A list with one row in the inspector: the keys that go through it, and the row that they are at.
import { usePageKeys } from '../shell/keys';

export function useChosen<K extends string | number>(all: readonly K[], chosen: K | undefined, choose: (key: K) => void) {
  const step = (by: number) => {
    const at = chosen === undefined ? -1 : all.indexOf(chosen);
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    if (next !== undefined) choose(next);
  };
  usePageKeys({ j: () => step(1), k: () => step(-1) });
}
