// The places of the app, as the sidebar, the bottom bar, the palette and the chords know them.
export interface Place {
  to: '/inbox' | '/sprints';
  name: string;
  /** Pressed after `g`. */
  key: string;
  icon: string;
}

export const PLACES: readonly Place[] = [
  { to: '/inbox', name: 'Inbox', key: 'i', icon: 'M2 9.5 4 3h8l2 6.5V13H2V9.5Zm0 0h3.5l1 1.5h3l1-1.5H14' },
  { to: '/sprints', name: 'Sprints', key: 's', icon: 'M3 4.5h4M9 11.5h4M3 4.5v4a3 3 0 0 0 3 3h3M11 4.5h2' },
];

/** The keys, as the sheet tells them. Pages add their own to what is here. */
export const KEYS: readonly { keys: string; what: string; where: string }[] = [
  { keys: 'Mod+K', what: 'Search and commands', where: 'Everywhere' },
  { keys: '?', what: 'This sheet', where: 'Everywhere' },
  ...PLACES.map(({ key, name }) => ({ keys: `g ${key}`, what: `Go to ${name}`, where: 'Everywhere' })),
  { keys: 'Esc', what: 'Close what is open', where: 'Everywhere' },
  { keys: 'Mod+Enter', what: 'Send what was written', where: 'In a text' },
  { keys: 'j / k', what: 'Next, previous row', where: 'Lists' },
  { keys: 'o', what: 'Into the row', where: 'Lists' },
  { keys: 'v', what: 'Graph, list, board in turn', where: 'Sprint' },
  { keys: 'e', what: 'Next error', where: 'Activity of a task' },
  { keys: 'f', what: 'Follow the end', where: 'Activity of a task' },
  { keys: '/', what: 'Search', where: 'Activity of a task' },
];
