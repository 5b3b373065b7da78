// The places of the app, as the sidebar, the bottom bar, the palette and the chords know them.
export interface Place {
  to: '/inbox' | '/sprints' | '/agents' | '/workers' | '/memory' | '/repos' | '/costs' | '/audit' | '/settings';
  name: string;
  /** Pressed after `g`. */
  key: string;
  icon: string;
}

export const PLACES: readonly Place[] = [
  { to: '/inbox', name: 'Inbox', key: 'i', icon: 'M2 9.5 4 3h8l2 6.5V13H2V9.5Zm0 0h3.5l1 1.5h3l1-1.5H14' },
  { to: '/sprints', name: 'Sprints', key: 's', icon: 'M3 4.5h4M9 11.5h4M3 4.5v4a3 3 0 0 0 3 3h3M11 4.5h2' },
  { to: '/agents', name: 'Agents', key: 'a', icon: 'M3 6h10v7H3zM8 6V3M6 9v1m4-1v1' },
  { to: '/workers', name: 'Workers', key: 'w', icon: 'M2 4h12M2 8h8M2 12h5' },
  { to: '/memory', name: 'Memory', key: 'm', icon: 'M4 2.5h8v11l-4-3-4 3z' },
  { to: '/repos', name: 'Repositories', key: 'r', icon: 'M4 3v10M4 9c5 0 8-1 8-5' },
  { to: '/costs', name: 'Costs', key: 'c', icon: 'M3 13V9m5 4V3m5 10V6' },
  { to: '/audit', name: 'Audit', key: 'l', icon: 'M4 2.5h8v11H4zM6 6h4M6 9h4' },
  { to: '/settings', name: 'Settings', key: ',', icon: 'M2 5h7m4 0h1M2 11h1m4 0h7M9 3v4M7 9v4' },
];

/** How many of them a phone has room for at its bottom; the others are under "More". */
export const FIRST = 2;
