// What the browser keeps for this person over a reload. A browser that keeps nothing is no reason to fail.
/** Where a name is kept. */
export const keyOf = (name: string) => `team6.${name}`;

export function readKept<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(keyOf(name));
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function writeKept(name: string, value: unknown) {
  try {
    if (value === null || value === '') localStorage.removeItem(keyOf(name));
    else localStorage.setItem(keyOf(name), JSON.stringify(value));
  } catch {
    // Full, or forbidden: what is typed is still in the page.
  }
}
